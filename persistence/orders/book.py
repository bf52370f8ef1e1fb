"""Orders in one transaction: writing, locking and moving them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.catalog.fulfilment import Stock
from domain.catalog.kinds import KINDS
from domain.ids import new_id
from domain.orders.records import OrderDraft, PartRecord, ShipmentRecord
from domain.orders.refusals import EntitlementExhausted, EntitlementExpired
from domain.orders.status import OrderStatus, PartStatus
from domain.orders.terms import OrderTerms
from domain.orders.views import EntitlementView, OrderView, ShipmentView
from persistence.orders import book_sql as sql
from persistence.orders.moving import Step, lock_orders, move_orders, parts_of
from persistence.orders.placing import add_orders
from persistence.orders.rows import entitlement_of, order_of, shipment_of
from persistence.orders.scope import scope
from persistence.orders.trades import sold
from persistence.repository import Repository

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.trades import Sold

_STOCKED = [code for code, kind in KINDS.items() if kind.stock in (Stock.CARDS, Stock.COUNT)]
"""The kinds that lie in stock; of the others only quotas leave so many."""


class StoredOrders(Repository):
    """The OrderBook of one transaction."""

    @property
    def terms(self) -> OrderTerms:
        """The settings that buying follows."""
        settings = self._settings
        return OrderTerms(
            quote_ttl=timedelta(minutes=settings.quote_minutes),
            reservation_ttl=timedelta(minutes=settings.reservation_minutes),
            most_lines=settings.order_lines,
            most_quantity=settings.line_quantity,
            vesting=timedelta(days=settings.vesting_days),
            sandbox=settings.sandbox_allowed,
        )

    async def stock_left(
        self, places: Sequence[tuple[UUID, UUID]], channel_id: UUID
    ) -> dict[tuple[UUID, UUID], int]:
        """What a channel can take of each (variant, pool); those that nothing limits are absent."""
        variants, pools = [place[0] for place in places], [place[1] for place in places]
        rows = await sql.STOCK_LEFT.all(
            self._on, variants=variants, pools=pools, channel=channel_id, stocked=_STOCKED
        )
        limited = (row for row in rows if row["left"] is not None)
        return {(row["variant_id"], row["pool_id"]): max(row["left"], 0) for row in limited}

    async def add(self, draft: OrderDraft) -> OrderView:
        """Write an order with lines and fulfilments; raises ExternalIdTaken."""
        return await add_orders(self._work, draft)

    async def lock(self, order_id: UUID, caller: Caller) -> OrderView | None:
        """An order that the caller may act on, locked until the commit; None as for one that never was."""
        return await lock_orders(self._work, (order_id, caller))

    async def lock_any(self, order_id: UUID) -> OrderView:
        """An order for the system's own work; LookupError where there is none."""
        row = await sql.LOCK_ANY.one(self._on, order_id=order_id)
        if row is None:
            raise LookupError("There is no such order.")
        return order_of(row)

    async def lock_overdue(self, limit: int) -> list[OrderView]:
        """Unpaid orders whose time is over and that nobody holds, locked in key order."""
        return [order_of(row) for row in await sql.LOCK_OVERDUE.all(self._on, limit=limit)]

    async def parts_of(self, order_ids: Sequence[UUID]) -> list[PartRecord]:
        """All fulfilments of orders."""
        return await parts_of(self._work, order_ids)

    async def sold(self, order_ids: Sequence[UUID]) -> dict[UUID, Sold]:
        """The trades of orders, and what the ledger has of them."""
        return await sold(self._work, order_ids)

    async def move(
        self,
        order: OrderView,
        status: OrderStatus,
        parts: Mapping[UUID, PartStatus],
        lines: Mapping[UUID, PartStatus],
        failures: Mapping[UUID, str],
    ) -> OrderView:
        """Write new statuses of a locked order and of what changed of its parts."""
        return await move_orders(self._work, Step(order, status, parts, lines, failures))

    async def open_shipments(self, fulfilment_ids: Sequence[UUID]) -> None:
        """One shipment for each, AWAITING_SHIPMENT."""
        await sql.ADD_SHIPMENT.many(
            self._on, [{"id": new_id(), "fulfilment_id": fulfilment_id} for fulfilment_id in fulfilment_ids]
        )

    async def grant(self, fulfilment_id: UUID, units: int, expires_at: datetime | None) -> None:
        """Open an entitlement."""
        await sql.GRANT.run(
            self._on, id=new_id(), fulfilment_id=fulfilment_id, units=units, expires_at=expires_at
        )

    async def find_shipment(self, shipment_id: UUID) -> ShipmentRecord | None:
        """A shipment; whoever goes on locks its order and asks again."""
        row = await sql.FIND_SHIPMENT.one(self._on, shipment_id=shipment_id)
        if row is None:
            return None
        return ShipmentRecord(**row)

    async def move_shipment(
        self, shipment_id: UUID, status: str, carrier: str | None, tracking_number: str | None
    ) -> ShipmentView:
        """Write where a parcel is; None leaves what is known of carrier and number."""
        row = await sql.MOVE_SHIPMENT.one(
            self._on, shipment_id=shipment_id, status=status, carrier=carrier, number=tracking_number
        )
        if row is None:
            raise LookupError("There is no such shipment.")
        return shipment_of(row)

    async def consume(self, entitlement_id: UUID, units: int, caller: Caller) -> EntitlementView | None:
        """Use units of an entitlement that the caller may use; None when there is none such."""
        values = {"entitlement_id": entitlement_id, **scope(caller)}
        row = await sql.CONSUME.one(self._on, units=units, **values)
        if row is None:
            row = await sql.ENTITLEMENT.one(self._on, **values)
            if row is None:
                return None
            if row["expires_at"] is not None and row["expires_at"] <= self._work.now:
                raise EntitlementExpired()
            raise EntitlementExhausted(units, entitlement_of(row).left)
        return entitlement_of(row)

    async def adopt(self, customer_id: UUID, channel_id: UUID, phone_hmac: str) -> list[UUID]:
        """Make a phone's guest orders a customer's; which they were."""
        rows = await sql.ADOPT.all(self._on, customer=customer_id, channel=channel_id, phone=phone_hmac)
        return [row["id"] for row in rows]

    async def count_sold(self, limit: int) -> int:
        """Add the lines of newly read paid orders to their products; how many events were read."""
        await sql.BEGIN_COUNT.run(self._on)
        position = await sql.COUNTED.value(self._on)
        row = await sql.COUNT_SOLD.one(self._on, position=position, limit=limit)
        return row["events"] if row is not None else 0
