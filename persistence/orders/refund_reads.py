"""Refunds as callers see them: whose they are is part of every statement that begins from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from domain.access.callers import CallerKind
from domain.access.identifiers import storable
from domain.access.permissions import REFUNDS_READ
from domain.money import Money
from domain.orders.refunds.rules import refundable
from domain.orders.refunds.views import RefundableView, RefundLineView, RefundView
from domain.paging import Page, PageRequest, cursor_of
from domain.selected import ALL, Selected
from persistence.orders.refund_facts import facts_of
from persistence.orders.refund_rows import REFUND_COLUMNS, refund_line_of, refund_of
from persistence.orders.scope import CHANNELS, VISIBLE, scope
from persistence.orders.shapes import REFUND
from persistence.selecting.pages import NewestPages
from persistence.selecting.variants import Chosen, Reading, Variants
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.orders.refunds.ports import RefundFilter
    from persistence.database import Database

T = TypeVar("T")
NEWEST = "refunds"
"""The sort that cursors of refunds belong to."""

_WANTED = """(CAST(:status AS text[]) IS NULL OR r.status = ANY (CAST(:status AS text[])))
   AND (CAST(:order AS uuid) IS NULL OR r.order_id = :order)
   AND (CAST(:review AS boolean) IS NULL OR r.review = :review)
   AND (CAST(:after AS timestamptz) IS NULL OR r.created_at > :after)
   AND (CAST(:before AS timestamptz) IS NULL OR r.created_at < :before)"""
_OWN = f"""r.order_id IN (SELECT o.id FROM orders o WHERE o.customer_id = CAST(:scope_customer AS uuid))
   AND (CAST(:channel AS text) IS NULL OR r.channel_id IN ({CHANNELS})) AND {_WANTED}"""
_BELOW = f"r.channel_id = h.id AND {_WANTED}"

_LISTS = {
    True: NewestPages(REFUND, _OWN, "created_at"),
    False: NewestPages(REFUND, _BELOW, "created_at", CHANNELS),
}


def _of_orders(chosen: Chosen[RefundView]) -> Reading[RefundView]:
    refunds = chosen.select().where(text("r.order_id = ANY (CAST(:orders AS uuid[]))"))
    return Reading(chosen, refunds.order_by(REFUND.base.c.created_at, REFUND.base.c.id))


_OF_ORDERS = Variants(REFUND, _of_orders, always=("id", "order_id"))
_NODE = Statement(
    f"SELECT {REFUND_COLUMNS} FROM refund r JOIN orders o ON o.id = r.order_id WHERE r.id = :id AND {VISIBLE}"
)
_LINES = Statement(
    """SELECT n.id, n.refund_id, n.order_line_id, n.sku, n.units, n.whole, n.amount_minor, n.goods, r.currency
         FROM refund_line n JOIN refund r ON r.id = n.refund_id
        WHERE n.refund_id = ANY (CAST(:refunds AS uuid[])) ORDER BY n.id"""
)


class StoredRefundReads:
    """Fills `domain.orders.refunds.ports.RefundReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, caller: Caller, wanted: RefundFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[RefundView]:
        """Refunds, the newest first."""
        own = caller.kind is CallerKind.CUSTOMER
        named = wanted.channel is None or storable(wanted.channel)
        if not (own or caller.is_back_office) or not caller.may(REFUNDS_READ) or not named:
            return Page.empty()
        listed, values = _LISTS[own], _values(caller, wanted)
        at, last_id = request.last_moment
        read = listed.of(selected).way(request.backwards)
        async with self._database.connection() as connection:
            found = await read.all(connection, caller, **values, at=at, id=last_id, limit=request.limit + 1)

        async def count() -> int:
            async with self._database.connection() as counting:
                return int(await listed.count.value(counting, **values))

        return Page.cut([(refund, _cursor(refund)) for refund in found], request, count)

    async def node(self, caller: Caller, type_name: str, id: UUID) -> RefundView | None:
        """A Refund."""
        if type_name != "Refund" or not caller.may(REFUNDS_READ):
            return None
        async with self._database.connection() as connection:
            row = await _NODE.one(connection, id=id, **scope(caller))
        return None if row is None else refund_of(row)

    async def of_orders(
        self, order_ids: Sequence[UUID], selected: Selected = ALL
    ) -> dict[UUID, list[RefundView]]:
        """Refunds by order, the oldest first."""
        read = _OF_ORDERS.of(selected)
        found: dict[UUID, list[RefundView]] = defaultdict(list)
        async with self._database.connection() as connection:
            for refund in await read.all(connection, None, orders=list(order_ids)):
                found[refund.order_id].append(refund)
        return found

    async def lines_of(self, refund_ids: Sequence[UUID]) -> dict[UUID, list[RefundLineView]]:
        """What refunds take, by refund."""
        return await self._grouped(_LINES, "refund_id", refund_line_of, refunds=list(refund_ids))

    async def refundable_of(self, order_ids: Sequence[UUID]) -> dict[UUID, list[RefundableView]]:
        """By the rules that a refund itself follows, over what is known at this moment."""
        async with self._database.connection() as connection:
            found = await facts_of(connection, order_ids)
        shown: dict[UUID, list[RefundableView]] = {}
        for order_id, parts in found.items():
            asked = [(refundable(part), currency) for part, currency in parts]
            shown[order_id] = [
                RefundableView(
                    one.line_id,
                    one.sku,
                    one.quantity,
                    Money(one.amount_minor, currency),
                    one.goods,
                    one.review,
                    one.refused,
                )
                for one, currency in asked
            ]
        return shown

    async def _grouped(
        self, statement: Statement, by: str, view: Callable[[Any], T], **values: Any
    ) -> dict[UUID, list[T]]:
        async with self._database.connection() as connection:
            rows = await statement.all(connection, **values)
        found: dict[UUID, list[T]] = defaultdict(list)
        for row in rows:
            found[row[by]].append(view(row))
        return found


def _values(caller: Caller, wanted: RefundFilter) -> dict[str, Any]:
    return {
        "scope_channel": caller.channel_id,
        "scope_customer": caller.customer_id,
        "channel": wanted.channel,
        "status": None if wanted.status is None else [one.value for one in wanted.status],
        "order": wanted.order_id,
        "review": wanted.review,
        "after": wanted.requested_after,
        "before": wanted.requested_before,
    }


def _cursor(refund: RefundView) -> str:
    return cursor_of(NEWEST, [refund.created_at.isoformat(), refund.id.hex])
