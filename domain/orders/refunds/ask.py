"""Asking for money back: what it comes to is settled, and the goods are stopped until somebody decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.identifiers import storable
from domain.access.permissions import REFUNDS_APPROVE, REFUNDS_WRITE
from domain.commands import IdempotentCommand, handles
from domain.ids import new_id
from domain.orders.refunds.goods import stop
from domain.orders.refunds.records import RefundDraft, RefundLineDraft
from domain.orders.refunds.refusals import OrderNotRefundable
from domain.orders.refunds.rules import Refundable, Target, chosen
from domain.orders.refunds.settle import Decision, approve, may_approve, tell
from domain.orders.status import PHASE_OF
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.views import RefundView
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork

LONGEST_REASON = 500
MOST_TARGETS = 200


def check_text(text: str, at: str) -> None:
    """What people say of a refund fits, and can be stored; raises InvalidInput."""
    if len(text) > LONGEST_REASON or not storable(text):
        raise InvalidInput(f"This is text of up to {LONGEST_REASON} characters.", at)


@dataclass(frozen=True, slots=True)
class RequestRefund(IdempotentCommand):
    """Ask for an order's money back, all that can be or that of the targets; somebody else decides."""

    requires: ClassVar[str | None] = REFUNDS_WRITE

    order_id: UUID
    targets: tuple[Target, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        check_text(self.reason, "reason")
        if len(self.targets) > MOST_TARGETS:
            raise InvalidInput(f"Up to {MOST_TARGETS} lines are named at once.", "lines")
        for index, target in enumerate(self.targets):
            if target.quantity is not None and target.quantity < 1:
                raise InvalidInput("This is one or more.", f"lines.{index}.quantity")


@dataclass(frozen=True, slots=True)
class RefundOrder(RequestRefund):
    """Ask and approve in one step; what headquarters has to review stays REQUESTED for all others."""

    requires: ClassVar[str | None] = REFUNDS_APPROVE


@handles(RequestRefund)
async def request_refund(command: RequestRefund, caller: Caller, work: UnitOfWork) -> RefundView:
    """The order's row decides between this and all that happens to the order at the same moment."""
    refund, _ = await _ask(command, caller, work)
    return refund


@handles(RefundOrder)
async def refund_order(command: RefundOrder, caller: Caller, work: UnitOfWork) -> RefundView:
    """By the back office of the selling channel, or of one above it."""
    refund, order = await _ask(command, caller, work)
    if not may_approve(refund, caller):
        return refund
    return await approve(refund, order, Decision(), caller, work)


async def _ask(command: RequestRefund, caller: Caller, work: UnitOfWork) -> tuple[RefundView, OrderView]:
    order = await work.orders.lock(command.order_id, caller)
    if order is None:
        raise NotFound("order", "orderId")
    if order.status in PHASE_OF:
        raise OrderNotRefundable(order.status.value)
    facts = await work.refunds.facts(order)
    takes = chosen(facts, command.targets, by_ourselves=caller.kind is CallerKind.SYSTEM)
    refund = await work.refunds.add(_draft(command, order, takes, caller))
    cards = {one.part_id: one.cards for one in takes}
    claims = await work.refunds.claims_of(refund.id)
    await stop([replace(claim, cards=cards[claim.part_id]) for claim in claims], caller, work)
    await tell(refund, None, order, work)
    return refund, order


def _draft(
    command: RequestRefund, order: OrderView, takes: Sequence[Refundable], caller: Caller
) -> RefundDraft:
    return RefundDraft(
        id=new_id(),
        order_id=order.id,
        channel_id=order.channel_id,
        currency=order.total.currency,
        amount_minor=sum(one.amount_minor for one in takes),
        review=any(one.review for one in takes),
        reason=command.reason,
        requested_by_kind=caller.kind.value,
        requested_by_id=caller.subject_id,
        lines=tuple(_line(one) for one in takes),
    )


def _line(one: Refundable) -> RefundLineDraft:
    return RefundLineDraft(
        new_id(), one.line_id, one.part_id, one.sku, one.units, one.whole, one.amount_minor, one.goods
    )
