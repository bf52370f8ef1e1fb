"""Goods that come back: whoever holds the stock counts them in, and says whether they can be sold again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.permissions import SHIPMENTS_WRITE
from domain.commands import IdempotentCommand, handles
from domain.ids import new_id
from domain.ledger.returns import damaged
from domain.orders.records import ReturnDraft
from domain.orders.refusals import ReturnTooLarge, ShipmentNotPossible
from domain.orders.shipping import locked, move
from domain.orders.views import Condition, ShipmentStatus, ShipmentView
from domain.refusals import InvalidInput

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork

GONE = frozenset({ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED})
"""Of these parcels something can come back."""


@dataclass(frozen=True, slots=True)
class ReceiveReturn(IdempotentCommand):
    """Count items of a parcel in that have come back; without a quantity all that are still out."""

    requires: ClassVar[str | None] = SHIPMENTS_WRITE

    shipment_id: UUID
    condition: Condition
    quantity: int | None = None

    def __post_init__(self) -> None:
        if self.quantity is not None and self.quantity < 1:
            raise InvalidInput("This is one or more.", "quantity")


@handles(ReceiveReturn)
async def receive_return(command: ReceiveReturn, caller: Caller, work: UnitOfWork) -> ShipmentView:
    """By whoever may ship it. A parcel that nobody had accepted has come back whole, whatever is in it."""
    order, shipment = await locked(command.shipment_id, caller, work)
    status = ShipmentStatus(shipment.status)
    if status not in GONE:
        raise ShipmentNotPossible(shipment.status, ShipmentStatus.RETURNED.value)
    out = shipment.quantity - shipment.received
    count = command.quantity or out
    if not out or count > out:
        raise ReturnTooLarge(count or shipment.quantity, out)
    if status is ShipmentStatus.SHIPPED or (status is ShipmentStatus.DELIVERED and count == out):
        await move(order, shipment, ShipmentStatus.RETURNED, None, None, work)
    draft = ReturnDraft(new_id(), shipment.id, count, command.condition)
    received = await work.refunds.returns.add(draft, caller)
    if command.condition is Condition.SELLABLE:
        await work.cards.put_back({shipment.fulfilment_id: count})
    else:
        await _lose(order, draft, caller, work)
    return received


async def _lose(order: OrderView, draft: ReturnDraft, caller: Caller, work: UnitOfWork) -> None:
    """What was paid back as come back, and turns out to be damaged, is a loss; what is paid back later is
    one when it is (`domain.orders.refunds.money`).
    """
    lost = await work.refunds.returns.lost_by(draft)
    if lost.units and (await work.orders.sold([order.id]))[order.id].posted:
        cost = lost.of_line(lost.levels.minor(0))
        await work.ledger.post(damaged(draft.id, order.id, cost, order.total.currency), caller)
