"""Orders that end unpaid: cancelled by somebody, or expired by themselves; their goods go back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.commands import Command, IdempotentCommand, handles
from domain.ledger.sales import release
from domain.orders.progress import advance
from domain.orders.refusals import OrderNotCancellable
from domain.orders.status import OrderStatus, PartStatus, Phase
from domain.promotions.groups import GroupChanged
from domain.refusals import NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork

_UNPAID = (OrderStatus.AWAITING_PAYMENT, OrderStatus.RISK_HOLD)


@dataclass(frozen=True, slots=True)
class CancelOrder(IdempotentCommand):
    """Give an unpaid order up."""

    order_id: UUID


@dataclass(frozen=True, slots=True)
class ExpireOrders(Command):
    """Close up to `limit` orders that were not paid in time; answers how many there were."""

    limit: int = 100


@handles(CancelOrder)
async def cancel_order(command: CancelOrder, caller: Caller, work: UnitOfWork) -> OrderView:
    """Its buyer, or the back office of a channel above it."""
    order = await work.orders.lock(command.order_id, caller)
    if order is None:
        raise NotFound("order", "orderId")
    if order.status not in _UNPAID:
        raise OrderNotCancellable(order.status.value)
    (closed,) = await close([order], Phase.CANCELLED, caller, work)
    return closed


@handles(ExpireOrders)
async def expire_orders(command: ExpireOrders, caller: Caller, work: UnitOfWork) -> int:
    """An order that is being paid at this moment is passed over: whoever has its row decides."""
    overdue = await work.orders.lock_overdue(command.limit)
    await close(overdue, Phase.EXPIRED, SYSTEM, work)
    return len(overdue)


async def close(
    orders: Sequence[OrderView], phase: Phase, caller: Caller, work: UnitOfWork
) -> list[OrderView]:
    """All goods of all orders go back in one step, so that stock is locked in one order; then money."""
    sold = await work.orders.sold([order.id for order in orders])
    closed = []
    for order in orders:
        parts = sold[order.id].parts
        closed.append(
            await advance(order, parts, {part.id: PartStatus.CANCELLED for part in parts}, work, phase)
        )
    await work.promotions.release([order.id for order in orders if order.discount.minor])
    for group in await work.groups.release([order.id for order in orders if order.group_id]):
        work.record(GroupChanged.of(group))
    parts_of_all = sorted(part.id for one in sold.values() for part in one.parts)
    if parts_of_all:
        await work.cards.release(parts_of_all, caller, f"order {phase.value.lower()}")
    kept = [transfer for one in sold.values() if one.held for transfer in release(one.trade)]
    await work.ledger.post(kept, caller)
    return closed
