"""Settling refunds: approved ones take the goods back and pay, and each step is told to whoever follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.permissions import REFUNDS_APPROVE
from domain.orders.progress import advance
from domain.orders.refunds.events import RefundChanged
from domain.orders.refunds.goods import take_back
from domain.orders.refunds.money import Booked, booked
from domain.orders.refunds.refusals import RefundNeedsHeadquarters, RefundNotPossible
from domain.orders.refunds.states import TRANSITIONS, RefundState, RefundStep, after, status_of_order
from domain.payments.methods import PaymentMethod, payment_methods
from domain.payments.paying_back import PayBack
from domain.work import Job

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.views import RefundView
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork

PAY_BACK_JOB = "payments.pay-back"


@dataclass(frozen=True, slots=True)
class Decision:
    """What whoever approves says."""

    note: str = ""
    issuer_pays_back: bool = False
    """Whether the issuer of cards that were seen takes them back; otherwise they are a loss."""


def may_approve(refund: RefundView, caller: Caller) -> bool:
    """Cards that the buyer saw may be used up where nobody tells us: headquarters asks their issuer.

    Our own worker pays back what was never in the buyer's hands, as when a group of buyers does not fill.
    """
    if caller.kind is CallerKind.SYSTEM:
        return not refund.review
    return caller.may(REFUNDS_APPROVE) and (caller.at_headquarters or not refund.review)


async def approve(
    refund: RefundView, order: OrderView, said: Decision, caller: Caller, work: UnitOfWork
) -> RefundView:
    """Take the goods back and return the money, of a refund whose order is locked.

    Where a provider has to be told that is a job's, after the commit.
    """
    check_step(refund, RefundStep.APPROVE)
    if not may_approve(refund, caller):
        raise RefundNeedsHeadquarters()
    method, wanted = await paying_back(refund, order, work)
    at_once = method.pay_back(wanted) is None
    approved = await step(refund, RefundStep.APPROVE, order, work, caller, said)
    # What promotions count is locked before stock, as by everybody; deposits come last.
    moves = await _book(approved, order, method, work) if at_once else Booked()
    claims = await work.refunds.claims_of(refund.id)
    moved = await take_back(claims, caller, work)
    if moved:
        parts = await work.orders.parts_of([order.id])
        await advance(order, parts, moved, work, failures=dict.fromkeys(moved, "REFUNDED"))
    if not at_once:
        return await send(approved, order, work)
    await work.ledger.post(moves.transfers, caller)
    return await step(approved, RefundStep.SUCCEED, order, work)


async def send(refund: RefundView, order: OrderView, work: UnitOfWork) -> RefundView:
    """Commit that the payment's provider is told, and have it told."""
    sent = await step(refund, RefundStep.SEND, order, work)
    await work.enqueue(pay_back_job(refund.id, 0))
    return sent


async def succeed(refund: RefundView, order: OrderView, caller: Caller, work: UnitOfWork) -> RefundView:
    """The provider has paid back: the books follow in the same transaction."""
    method, _ = await paying_back(refund, order, work)
    moves = await _book(refund, order, method, work)
    await work.ledger.post(moves.transfers, caller)
    return await step(refund, RefundStep.SUCCEED, order, work)


def pay_back_job(refund_id: UUID, asked: int) -> Job:
    """The job that tells a provider, after it was told `asked` times."""
    return Job(PAY_BACK_JOB, {"refund": str(refund_id)}, f"{PAY_BACK_JOB}:{refund_id}:{asked}")


async def paying_back(
    refund: RefundView, order: OrderView, work: UnitOfWork
) -> tuple[PaymentMethod, PayBack]:
    """The way in which the order was paid, which is the way back."""
    payment = await work.till.captured(order.id)
    number = f"R{refund.id.hex}"
    return payment_methods()[payment.method], PayBack(number, payment.id, order.number, refund.amount)


async def _book(refund: RefundView, order: OrderView, method: PaymentMethod, work: UnitOfWork) -> Booked:
    """Give the promotions back what they gave, and work out what the ledger moves.

    A sale that was paid before there was a ledger is not undone in it.
    """
    sales = await work.refunds.sales_of(refund.id)
    vested = (await work.ledger.pending_of(order.id)).vested
    moves = booked(refund, sales, vested, method.by_headquarters)
    if order.discount.minor:
        unused = await work.refunds.completes(refund)
        await work.promotions.reverse(order.id, moves.discounts, unused)
    posted = (await work.orders.sold([order.id]))[order.id].posted
    return moves if posted else Booked(discounts=moves.discounts)


def check_step(refund: RefundView, wanted: RefundStep) -> None:
    """Raise RefundNotPossible for a step that the table does not have."""
    if (refund.status, wanted) not in TRANSITIONS:
        goal = TRANSITIONS[RefundState.REQUESTED, wanted]
        raise RefundNotPossible(refund.status.value, goal.value)


async def step(
    refund: RefundView,
    wanted: RefundStep,
    order: OrderView,
    work: UnitOfWork,
    caller: Caller | None = None,
    said: Decision | None = None,
) -> RefundView:
    """Move a refund on, and tell of it; `caller` is who decided, where somebody did."""
    moved = await work.refunds.move(refund, after(refund.status, wanted), caller, said or Decision())
    await tell(moved, refund.status, order, work)
    return moved


async def tell(refund: RefundView, before: RefundState | None, order: OrderView, work: UnitOfWork) -> None:
    """Record a step, and what it makes of the order's own refund status."""
    sums = await work.refunds.sums(order.id)
    status = status_of_order(order.total.minor, sums.paid_back_minor, sums.open > 0, sums.succeeded > 0)
    await work.refunds.mark(order, status)
    work.record(
        RefundChanged(
            aggregate_id=order.id,
            channel_id=order.channel_id,
            customer_id=order.customer_id,
            refund_id=refund.id,
            status=refund.status,
            from_status=before,
        )
    )
