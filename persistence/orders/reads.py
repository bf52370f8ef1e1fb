"""Orders as callers see them: whose they are is part of every statement that begins from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from domain.access.callers import CallerKind
from domain.access.identifiers import storable
from domain.access.permissions import ORDERS_READ
from domain.money import Money
from domain.orders.views import (
    AddressView,
    Adjustment,
    ContactView,
    EntitlementView,
    LineView,
    Margin,
    OrderView,
    ShipmentView,
    TopUpStatus,
    TopUpView,
)
from domain.paging import Page, PageRequest, cursor_of
from domain.selected import ALL, Selected
from persistence.gathering import Gathered
from persistence.orders import lists
from persistence.orders import reads_sql as sql
from persistence.orders.margins import MARGINS
from persistence.orders.payment_rows import payment_of
from persistence.orders.rows import (
    address_of,
    adjustments_of,
    contact_of,
    entitlement_of,
    line_of,
    shipment_of,
)
from persistence.orders.scope import scope
from persistence.selecting.variants import MOST

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.ports import OrderFilter
    from domain.payments.views import PaymentView
    from persistence.database import Database
    from persistence.selecting.variants import Reading
    from persistence.statements import Statement
    from persistence.work import Tools

T = TypeVar("T")

NEWEST = "orders"
"""The sort that cursors of orders belong to."""


class StoredOrderReads:
    """Fills `domain.orders.ports.OrderReads`."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database = database
        self._lines = lru_cache(MOST)(self._gathered_lines)

    async def node(self, caller: Caller, type_name: str, id: UUID) -> Any | None:
        """An Order, OrderLine, Payment, Shipment, TopUp or Entitlement; None where it is out of scope."""
        if type_name == "Order":
            return (await self.by_ids(caller, [id])).get(id)
        if not caller.may(ORDERS_READ) or type_name not in sql.NODES:
            return None
        async with self._database.connection() as connection:
            row = await sql.NODES[type_name].one(connection, id=id, **scope(caller))
        return None if row is None else _NODE_VIEWS[type_name](row)

    async def by_ids(
        self, caller: Caller, ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, OrderView]:
        """The orders of these that the caller sees; storefronts and anonymous callers see none."""
        if not caller.may(ORDERS_READ) and caller.kind is not CallerKind.SYSTEM:
            return {}
        async with self._database.connection() as connection:
            found = await lists.BY_IDS.of(selected).all(connection, caller, ids=list(ids), **scope(caller))
        return {order.id: order for order in found}

    async def page(
        self, caller: Caller, wanted: OrderFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[OrderView]:
        """Orders, the newest first."""
        texts = [text for text in (wanted.channel, wanted.external_id) if text is not None]
        seen = caller.is_back_office or caller.kind is CallerKind.CUSTOMER
        if not seen or not caller.may(ORDERS_READ) or not all(map(storable, texts)):
            return Page.empty()
        listed = lists.OWN if caller.kind is CallerKind.CUSTOMER else lists.BELOW
        values = {
            "scope_channel": caller.channel_id,
            "scope_customer": caller.customer_id,
            "channel": wanted.channel,
            "status": None if wanted.status is None else [one.value for one in wanted.status],
            "placed_after": wanted.placed_after,
            "placed_before": wanted.placed_before,
            "external_id": wanted.external_id,
        }
        at, last_id = request.last_moment
        read = listed.of(selected).way(request.backwards)
        async with self._database.connection() as connection:
            found = await read.all(connection, caller, **values, at=at, id=last_id, limit=request.limit + 1)

        async def count() -> int:
            async with self._database.connection() as counting:
                return int(await listed.count.value(counting, **values))

        return Page.cut([(order, _cursor(order)) for order in found], request, count)

    async def lines_of(
        self, order_ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, list[LineView]]:
        """Lines by order; many that were placed together are shown at the same moment."""
        return await self._lines(lists.LINES.of(selected)).many(order_ids)

    def _gathered_lines(self, read: Reading[LineView]) -> Gathered[UUID, list[LineView]]:
        """Those who want the same of lines are read for together."""
        return Gathered(partial(self._read_lines, read))

    async def _read_lines(
        self, read: Reading[LineView], order_ids: Sequence[UUID]
    ) -> dict[UUID, list[LineView]]:
        async with self._database.connection() as connection:
            lines = await read.all(connection, None, orders=list(order_ids))
        found: dict[UUID, list[LineView]] = defaultdict(list)
        for line in lines:
            found[line.order_id].append(line)
        return found

    async def margins_of(self, caller: Caller, order_ids: Sequence[UUID]) -> dict[UUID, Margin]:
        """What the caller's channel earns of each order; absent where it has no part in the sale."""
        async with self._database.connection() as connection:
            rows = await MARGINS.all(connection, orders=list(order_ids), channel=caller.channel_id)
        return {row["order_id"]: _margin_of(row) for row in rows}

    async def contacts_of(self, order_ids: Sequence[UUID]) -> dict[UUID, ContactView]:
        """Whom to reach."""
        async with self._database.connection() as connection:
            rows = await sql.CONTACTS.all(connection, orders=list(order_ids))
        found = {row["id"]: contact_of(row["contact"]) for row in rows}
        return {own: contact for own, contact in found.items() if contact}

    async def addresses_of(self, order_ids: Sequence[UUID]) -> dict[UUID, AddressView]:
        """Where to."""
        async with self._database.connection() as connection:
            rows = await sql.CONTACTS.all(connection, orders=list(order_ids))
        found = {row["id"]: address_of(row["shipping_address"]) for row in rows}
        return {own: address for own, address in found.items() if address}

    async def payments_of(
        self, order_ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, list[PaymentView]]:
        """Payments by order, oldest first."""
        read = lists.PAYMENTS.of(selected)
        found: dict[UUID, list[PaymentView]] = defaultdict(list)
        async with self._database.connection() as connection:
            for payment in await read.all(connection, None, orders=list(order_ids)):
                found[payment.order_id].append(payment)
        return found

    async def adjustments_of(self, line_ids: Sequence[UUID]) -> dict[UUID, list[Adjustment]]:
        """What promotions took off lines."""
        async with self._database.connection() as connection:
            rows = await sql.DISCOUNTS.all(connection, lines=list(line_ids))
        return {row["id"]: adjustments_of(row) for row in rows}

    async def top_ups_of(self, line_ids: Sequence[UUID]) -> dict[UUID, list[TopUpView]]:
        """The newest attempt of each unit, by line."""
        return await self._grouped(sql.TOP_UPS, "order_line_id", _top_up_of, lines=list(line_ids))

    async def shipments_of(self, line_ids: Sequence[UUID]) -> dict[UUID, list[ShipmentView]]:
        """Parcels by line."""
        return await self._grouped(sql.SHIPMENTS, "order_line_id", shipment_of, lines=list(line_ids))

    async def entitlements_of(self, line_ids: Sequence[UUID]) -> dict[UUID, list[EntitlementView]]:
        """Entitlements by line."""
        return await self._grouped(sql.ENTITLEMENTS, "order_line_id", entitlement_of, lines=list(line_ids))

    async def _grouped(
        self, statement: Statement, by: str, view: Callable[[Any], T], **values: Any
    ) -> dict[UUID, list[T]]:
        async with self._database.connection() as connection:
            rows = await statement.all(connection, **values)
        found: dict[UUID, list[T]] = defaultdict(list)
        for row in rows:
            found[row[by]].append(view(row))
        return found


def _cursor(order: OrderView) -> str:
    return cursor_of(NEWEST, [order.placed_at.isoformat(), order.id.hex])


def _margin_of(row: Any) -> Margin:
    currency = row["currency"]
    return Margin(Money(int(row["margin"]), currency), Money(int(row["at_sale"]), currency))


def _top_up_of(row: Any) -> TopUpView:
    states = TopUpStatus.__members__
    status = states.get(row["state"], TopUpStatus.PROCESSING)
    return TopUpView(row["id"], row["order_line_id"], row["account_label"], status, row["reference"])


_NODE_VIEWS: dict[str, Callable[[Any], Any]] = {
    "OrderLine": line_of,
    "Payment": payment_of,
    "Shipment": shipment_of,
    "TopUp": _top_up_of,
    "Entitlement": entitlement_of,
}
