"""Settling refunds: approved ones take the goods back and pay, and each step is told to whoever follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.access.permissions import REFUNDS_APPROVE
from domain.orders.progress import advance
from domain.orders.refunds.events import RefundChanged
from domain.orders.refunds.goods import take_back
from domain.orders.refunds.refusals import RefundNeedsHeadquarters, RefundNotPossible
from domain.orders.refunds.states import TRANSITIONS, RefundState, RefundStep, after, status_of_order

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.views import RefundView
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


def may_approve(refund: RefundView, caller: Caller) -> bool:
    """Cards that the buyer saw may be used up where nobody tells us: headquarters asks their issuer."""
    return caller.may(REFUNDS_APPROVE) and (caller.at_headquarters or not refund.review)


async def approve(
    refund: RefundView, order: OrderView, note: str, caller: Caller, work: UnitOfWork
) -> RefundView:
    """Take the goods back and return the money, of a refund whose order is locked."""
    check_step(refund, RefundStep.APPROVE)
    if not may_approve(refund, caller):
        raise RefundNeedsHeadquarters()
    claims = await work.refunds.claims_of(refund.id)
    moved = await take_back(claims, caller, work)
    if moved:
        parts = await work.orders.parts_of([order.id])
        await advance(order, parts, moved, work, failures=dict.fromkeys(moved, "REFUNDED"))
    approved = await step(refund, RefundStep.APPROVE, order, work, caller, note)
    return await step(approved, RefundStep.SUCCEED, order, work)


def check_step(refund: RefundView, wanted: RefundStep) -> None:
    """Raise RefundNotPossible for a step that the table does not have."""
    if (refund.status, wanted) not in TRANSITIONS:
        goal = {RefundStep.APPROVE: RefundState.APPROVED, RefundStep.REJECT: RefundState.REJECTED}
        raise RefundNotPossible(refund.status.value, goal.get(wanted, RefundState.SENT).value)


async def step(
    refund: RefundView,
    wanted: RefundStep,
    order: OrderView,
    work: UnitOfWork,
    caller: Caller | None = None,
    note: str = "",
) -> RefundView:
    """Move a refund on, and tell of it; `caller` is who decided, where somebody did."""
    moved = await work.refunds.move(refund, after(refund.status, wanted), caller, note)
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
