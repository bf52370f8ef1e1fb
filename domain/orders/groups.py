"""What becomes of the orders of a group: delivered once it is complete, closed or paid back if it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.commands import Command, handles
from domain.orders.beginning import begin
from domain.orders.closing import close
from domain.orders.progress import advance
from domain.orders.refunds.ask import RefundOrder, refund_order
from domain.orders.status import OrderStatus, Phase
from domain.promotions.groups import (
    FULFIL_JOB,
    PAY_BACK_JOB,
    GroupChanged,
    GroupState,
    SeatState,
)
from domain.work import Job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.access.callers import Caller
    from domain.orders.status import PartStatus
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DueGroups(Command):
    """Which open groups' time is over."""

    limit: int = 100


@dataclass(frozen=True, slots=True)
class FailGroup(Command):
    """End a group that was not complete in time; nothing for one that is over, or has time left."""

    group_id: UUID


@dataclass(frozen=True, slots=True)
class FulfilGroup(Command):
    """Begin to deliver what the buyers of a complete group have paid for; each order once."""

    group_id: UUID


@dataclass(frozen=True, slots=True)
class PaySeatBack(Command):
    """Pay a seat of a failed group back; once."""

    order_id: UUID


async def seat_paid(order: OrderView, work: UnitOfWork) -> Mapping[UUID, PartStatus]:
    """An order with a seat waits for the others; with the last of them the goods are on their way.

    Its parts stay as they are until they are begun, which is how refunds know that nothing was.
    """
    group = await work.groups.pay(order)
    work.record(GroupChanged.of(group))
    if group.state is GroupState.SUCCEEDED:
        await work.enqueue(Job(FULFIL_JOB, {"group": str(group.id)}, f"{FULFIL_JOB}:{group.id}"))
    return {}


@handles(DueGroups)
async def due_groups(command: DueGroups, caller: Caller, work: UnitOfWork) -> list[UUID]:
    """Each is ended in a transaction of its own."""
    return await work.groups.due(command.limit)


@handles(FailGroup)
async def fail_group(command: FailGroup, caller: Caller, work: UnitOfWork) -> bool:
    """Orders are locked before their group, as by who pays: a payment comes before this or is refused."""
    reserved = await work.groups.orders_of(command.group_id, SeatState.RESERVED)
    paid = await work.groups.orders_of(command.group_id, SeatState.PAID)
    orders = await _locked([*reserved, *paid], work)
    group = await work.groups.lock(command.group_id)
    if group is None or group.state is not GroupState.OPEN or group.expires_at > work.now:
        return False
    if (reserved, paid) != (
        await work.groups.orders_of(group.id, SeatState.RESERVED),
        await work.groups.orders_of(group.id, SeatState.PAID),
    ):
        return False  # somebody joined or paid meanwhile; the next look sees it
    open_orders = [order for order in orders if order.status is OrderStatus.AWAITING_PAYMENT]
    ended = await work.groups.end(group, GroupState.FAILED)
    if open_orders:
        await close(open_orders, Phase.CANCELLED, SYSTEM, work)
    for order_id in paid:
        await work.enqueue(Job(PAY_BACK_JOB, {"order": str(order_id)}, f"{PAY_BACK_JOB}:{order_id}"))
    work.record(GroupChanged.of(ended))
    return True


@handles(FulfilGroup)
async def fulfil_group(command: FulfilGroup, caller: Caller, work: UnitOfWork) -> int:
    """The seat says whether an order was begun: it is confirmed in the same transaction."""
    orders = await _locked(await work.groups.orders_of(command.group_id, SeatState.PAID), work)
    group = await work.groups.lock(command.group_id)
    if group is None or group.state is not GroupState.SUCCEEDED:
        return 0
    waiting = set(await work.groups.orders_of(group.id, SeatState.PAID))
    for order in (one for one in orders if one.id in waiting):
        parts = await work.orders.parts_of([order.id])
        await advance(order, parts, await begin(order, parts, SYSTEM, work), work)
    await work.groups.move([one.id for one in orders if one.id in waiting], SeatState.CONFIRMED)
    return len(waiting)


@handles(PaySeatBack)
async def pay_seat_back(command: PaySeatBack, caller: Caller, work: UnitOfWork) -> bool:
    """The order's row decides: the seat moves in the transaction that settles its refund."""
    order = await work.orders.lock_any(command.order_id)
    if order.group_id is None:
        return False
    group = await work.groups.lock(order.group_id)
    if group is None or group.state is not GroupState.FAILED:
        return False
    if order.id not in await work.groups.orders_of(group.id, SeatState.PAID):
        return False
    refund = RefundOrder(f"group:{order.id}", order.id, reason="The group was not complete in time.")
    await refund_order(refund, SYSTEM, work)
    await work.groups.move([order.id], SeatState.REFUNDED)
    work.record(GroupChanged.of(group))
    return True


async def _locked(order_ids: Sequence[UUID], work: UnitOfWork) -> list[OrderView]:
    return [await work.orders.lock_any(order_id) for order_id in sorted(order_ids)]
