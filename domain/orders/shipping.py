"""Parcels: whoever holds the goods says when they leave and when they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from domain.access.identifiers import label_of
from domain.access.permissions import SHIPMENTS_WRITE
from domain.commands import Command, handles
from domain.orders.progress import advance
from domain.orders.refusals import ShipmentElsewhere, ShipmentNotPossible
from domain.orders.status import PartStatus
from domain.orders.views import ShipmentStatus, ShipmentView
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.records import ShipmentRecord
    from domain.orders.views import OrderView
    from domain.work import UnitOfWork

_S = ShipmentStatus
STEPS: dict[ShipmentStatus, frozenset[ShipmentStatus]] = {
    _S.AWAITING_SHIPMENT: frozenset({_S.SHIPPED, _S.HELD}),
    _S.HELD: frozenset({_S.AWAITING_SHIPMENT, _S.CANCELLED}),
    _S.SHIPPED: frozenset({_S.SHIPPED, _S.DELIVERED, _S.RETURNED}),
    _S.DELIVERED: frozenset({_S.RETURNED}),
    _S.RETURNED: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""From → to of a parcel; SHIPPED to itself corrects carrier and number. Refunds hold, free and cancel it."""

_PART_OF = {_S.SHIPPED: PartStatus.FULFILLING, _S.DELIVERED: PartStatus.FULFILLED}


@dataclass(frozen=True, slots=True)
class ShipFulfilment(Command):
    """Hand a parcel to a carrier."""

    requires: ClassVar[str | None] = SHIPMENTS_WRITE

    shipment_id: UUID
    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class UpdateShipment(Command):
    """Correct a parcel that is on its way, or say that it has arrived or come back."""

    requires: ClassVar[str | None] = SHIPMENTS_WRITE

    shipment_id: UUID
    carrier: str | None = None
    tracking_number: str | None = None
    delivered: bool = False
    returned: bool = False

    def __post_init__(self) -> None:
        if self.delivered and self.returned:
            raise InvalidInput("A parcel is delivered or has come back, not both.", "returned")

    @property
    def wanted(self) -> ShipmentStatus:
        """What it is to become; SHIPPED where it is only corrected."""
        return _S.RETURNED if self.returned else _S.DELIVERED if self.delivered else _S.SHIPPED


@handles(ShipFulfilment)
async def ship_fulfilment(command: ShipFulfilment, caller: Caller, work: UnitOfWork) -> ShipmentView:
    """From AWAITING_SHIPMENT only; a second parcel is another shipment."""
    order, shipment = await locked(command.shipment_id, caller, work)
    if shipment.status != _S.AWAITING_SHIPMENT.value:
        raise ShipmentNotPossible(shipment.status, _S.SHIPPED.value)
    carrier = _label(command.carrier, "carrier")
    number = _label(command.tracking_number, "trackingNumber")
    return await move(order, shipment, _S.SHIPPED, carrier, number, work)


@handles(UpdateShipment)
async def update_shipment(command: UpdateShipment, caller: Caller, work: UnitOfWork) -> ShipmentView:
    """From SHIPPED, or back from whoever received it."""
    order, shipment = await locked(command.shipment_id, caller, work)
    wanted = command.wanted
    if shipment.status == _S.AWAITING_SHIPMENT.value or wanted not in STEPS[_S(shipment.status)]:
        raise ShipmentNotPossible(shipment.status, wanted.value)
    carrier = None if command.carrier is None else _label(command.carrier, "carrier")
    number = None if command.tracking_number is None else _label(command.tracking_number, "trackingNumber")
    return await move(order, shipment, wanted, carrier, number, work)


def _label(text: str, at: str) -> str:
    found = label_of(text)
    if found is None:
        raise InvalidInput("This is one line of 1 to 100 characters.", at)
    return found


async def locked(shipment_id: UUID, caller: Caller, work: UnitOfWork) -> tuple[OrderView, ShipmentRecord]:
    """The shipment under its order's lock; raises NotFound or ShipmentElsewhere."""
    found = await work.orders.find_shipment(shipment_id)
    order = None if found is None else await work.orders.lock(found.order_id, caller)
    locked = None if order is None else await work.orders.find_shipment(shipment_id)
    if order is None or locked is None:
        raise NotFound("shipment", "shipmentId")
    if not caller.at_headquarters and locked.pool_id != caller.channel_id:
        raise ShipmentElsewhere()
    return order, locked


async def move(
    order: OrderView,
    shipment: ShipmentRecord,
    to: ShipmentStatus,
    carrier: str | None,
    number: str | None,
    work: UnitOfWork,
) -> ShipmentView:
    """Write where a parcel of a locked order is, and what that makes of its part."""
    moved = await work.orders.move_shipment(shipment.id, to.value, carrier, number)
    parts = await work.orders.parts_of([order.id])
    await advance(order, parts, {shipment.fulfilment_id: _part_after(shipment, to)}, work)
    return moved


def _part_after(shipment: ShipmentRecord, to: ShipmentStatus) -> PartStatus:
    """A parcel that nobody accepted was not delivered; one that was stays so when it comes back."""
    if to is _S.RETURNED:
        return PartStatus.FULFILLED if shipment.status == _S.DELIVERED.value else PartStatus.FAILED
    return _PART_OF[to]
