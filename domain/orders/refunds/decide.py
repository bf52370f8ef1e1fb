"""Deciding about refunds that were asked for: a person says yes or no, within what the goods allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.permissions import REFUNDS_APPROVE, REFUNDS_WRITE
from domain.commands import IdempotentCommand, handles
from domain.orders.refunds.ask import check_text
from domain.orders.refunds.goods import let_go
from domain.orders.refunds.refusals import RefundNeedsHeadquarters
from domain.orders.refunds.settle import Decision, approve, check_step, send, step
from domain.orders.refunds.states import RefundState, RefundStep
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.views import RefundView
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ApproveRefund(IdempotentCommand):
    """Pay back what was asked for."""

    requires: ClassVar[str | None] = REFUNDS_APPROVE

    refund_id: UUID
    note: str = ""
    issuer_pays_back: bool = False

    def __post_init__(self) -> None:
        check_text(self.note, "note")


@dataclass(frozen=True, slots=True)
class RejectRefund(IdempotentCommand):
    """Pay nothing back; the buyer has the goods again, but for cards that their issuer says were used."""

    requires: ClassVar[str | None] = REFUNDS_APPROVE

    refund_id: UUID
    note: str
    used_card_ids: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.note, "note")
        if not self.note.strip():
            raise InvalidInput("Say why: the buyer reads it.", "note")


@dataclass(frozen=True, slots=True)
class WithdrawRefund(IdempotentCommand):
    """Ask no more for what nobody has decided about."""

    requires: ClassVar[str | None] = REFUNDS_WRITE

    refund_id: UUID


@handles(ApproveRefund)
async def approve_refund(command: ApproveRefund, caller: Caller, work: UnitOfWork) -> RefundView:
    """By the back office of the selling channel or of one above it; headquarters where a card was seen.

    One that the payment's provider refused is sent to it again.
    """
    refund, order = await _locked(command.refund_id, caller, work)
    if refund.status is RefundState.FAILED:
        return await send(refund, order, work)
    said = Decision(command.note, command.issuer_pays_back)
    return await approve(refund, order, said, caller, work)


@handles(RejectRefund)
async def reject_refund(command: RejectRefund, caller: Caller, work: UnitOfWork) -> RefundView:
    """What an issuer said is headquarters' to tell, as it ends the card for its buyer."""
    refund, order = await _locked(command.refund_id, caller, work)
    check_step(refund, RefundStep.REJECT)
    if command.used_card_ids and not caller.at_headquarters:
        raise RefundNeedsHeadquarters()
    claims = await work.refunds.claims_of(refund.id)
    await let_go(claims, command.used_card_ids, caller, work)
    return await step(refund, RefundStep.REJECT, order, work, caller, Decision(command.note))


@handles(WithdrawRefund)
async def withdraw_refund(command: WithdrawRefund, caller: Caller, work: UnitOfWork) -> RefundView:
    """By the buyer, or a back office that may ask for one."""
    refund, order = await _locked(command.refund_id, caller, work)
    check_step(refund, RefundStep.WITHDRAW)
    await let_go(await work.refunds.claims_of(refund.id), (), caller, work)
    return await step(refund, RefundStep.WITHDRAW, order, work, caller)


async def _locked(refund_id: UUID, caller: Caller, work: UnitOfWork) -> tuple[RefundView, OrderView]:
    """The refund under its order's lock; raises NotFound."""
    found = await work.refunds.find(refund_id)
    order = None if found is None else await work.orders.lock(found.order_id, caller)
    locked = None if order is None else await work.refunds.find(refund_id)
    if order is None or locked is None:
        raise NotFound("refund", "refundId")
    return locked, order
