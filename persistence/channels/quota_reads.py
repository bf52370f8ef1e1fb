"""Quotas and allocations as back offices list them: their own and those below, by channel and SKU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.identifiers import storable
from domain.access.permissions import STOCK_READ
from domain.cards.views import StockQuotaView
from domain.channels.quotas import QuotaPeriod, SalesQuotaView
from domain.paging import Page, PageRequest, cursor_of
from domain.refusals import BadRequest
from persistence.channels.quota_sql import ENDS_AT, STARTS_AT, USED
from persistence.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg

    from domain.access.callers import Caller
    from domain.channels.ports import QuotaFilter
    from persistence.database import Database


@dataclass(frozen=True, slots=True)
class _List:
    """A list of rows `q` with a channel and a variant, in both directions."""

    name: str
    forwards: Statement
    backwards: Statement
    count: Statement
    by_id: Statement

    @classmethod
    def of(cls, name: str, table: str, columns: str, period: str) -> _List:
        found = f"""
              FROM {table} q JOIN channel c ON c.id = q.channel_id JOIN variant v ON v.id = q.variant_id
             WHERE c.path @> ARRAY[CAST(:scope AS uuid)]
               AND (CAST(:channel AS text) IS NULL OR c.path @> ARRAY[
                    (SELECT n.id FROM channel n
                      WHERE n.code = :channel AND n.path @> ARRAY[CAST(:scope AS uuid)])])
               AND (CAST(:sku AS text) IS NULL OR v.sku = :sku)
               AND (CAST(:period AS text) IS NULL OR {period} = :period)"""
        keys = f"c.code, v.sku, {period}"
        listed = f"""SELECT c.code, v.sku, {period} AS period, q.id, q.channel_id, {columns} {found}
                        AND (CAST(:at_code AS text) IS NULL OR ({keys}) {{}}
                             (CAST(:at_code AS text), CAST(:at_sku AS text), CAST(:at_period AS text)))
                      ORDER BY {{}} LIMIT :most"""
        return cls(
            name,
            Statement(listed.format(">", keys)),
            Statement(listed.format("<", ", ".join(f"{key.strip()} DESC" for key in keys.split(",")))),
            Statement(f"SELECT count(*) {found}"),
            Statement(
                f"""SELECT v.sku, {period} AS period, q.id, q.channel_id, {columns}
                      FROM {table} q
                      JOIN channel c ON c.id = q.channel_id JOIN variant v ON v.id = q.variant_id
                     WHERE q.id = :id AND c.path @> ARRAY[CAST(:scope AS uuid)]"""
            ),
        )


_SALES = _List.of(
    "sales-quotas",
    "sales_quota",
    f"q.quantity, q.handed_on, {USED} AS used, {STARTS_AT} AS starts_at, {ENDS_AT} AS ends_at",
    "q.period",
)
_STOCK = _List.of("stock-quotas", "stock_quota", "q.granted, q.used", "CAST('TOTAL' AS text)")


class StoredQuotaReads:
    """Fills `domain.channels.ports.QuotaReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sales_quotas(
        self, caller: Caller, wanted: QuotaFilter, request: PageRequest
    ) -> Page[SalesQuotaView]:
        """Quotas of periods."""
        period = None if wanted.period is None else wanted.period.value
        return await self._page(_SALES, _sales, caller, wanted, period, request)

    async def stock_quotas(
        self, caller: Caller, wanted: QuotaFilter, request: PageRequest
    ) -> Page[StockQuotaView]:
        """Allocations."""
        return await self._page(_STOCK, _stock, caller, wanted, None, request)

    async def node(self, caller: Caller, type_name: str, id: UUID) -> SalesQuotaView | StockQuotaView | None:
        """A quota or an allocation by its id."""
        if not caller.is_back_office or not caller.may(STOCK_READ):
            return None
        listed = _SALES if type_name == "SalesQuota" else _STOCK
        async with self._database.connection() as connection:
            row = await listed.by_id.one(connection, id=id, scope=caller.channel)
        if row is None:
            return None
        return _sales(row) if listed is _SALES else _stock(row)

    async def _page(
        self,
        listed: _List,
        view: Callable[[asyncpg.Record], Any],
        caller: Caller,
        wanted: QuotaFilter,
        period: str | None,
        request: PageRequest,
    ) -> Page[Any]:
        texts = [text for text in (wanted.channel, wanted.sku) if text is not None]
        if not caller.is_back_office or not caller.may(STOCK_READ) or not all(map(storable, texts)):
            return Page.empty()
        values = {"scope": caller.channel, "channel": wanted.channel, "sku": wanted.sku, "period": period}
        code, sku, at_period = _keys(request)
        statement = listed.backwards if request.backwards else listed.forwards
        async with self._database.connection() as connection:
            rows = await statement.all(
                connection, **values, at_code=code, at_sku=sku, at_period=at_period, most=request.limit + 1
            )

        async def count() -> int:
            async with self._database.connection() as connection:
                return int(await listed.count.value(connection, **values))

        found = [
            (view(row), cursor_of(listed.name, [row["code"], row["sku"], row["period"]])) for row in rows
        ]
        return Page.cut(found, request, count)


def _sales(row: asyncpg.Record) -> SalesQuotaView:
    return SalesQuotaView(
        row["id"],
        row["sku"], row["channel_id"], QuotaPeriod(row["period"]), row["quantity"], row["handed_on"],
        row["used"], row["starts_at"], row["ends_at"],
    )  # fmt: skip


def _stock(row: asyncpg.Record) -> StockQuotaView:
    return StockQuotaView(row["id"], row["sku"], row["channel_id"], row["granted"], row["used"])


def _keys(request: PageRequest) -> tuple[str | None, str | None, str | None]:
    """Behind which channel, SKU and period a page begins; BadRequest for a cursor that we did not make."""
    if request.after is None:
        return None, None, None
    keys = request.after
    if len(keys) != 3 or not all(isinstance(key, str) and storable(key) for key in keys):
        raise BadRequest("This cursor does not belong to this list; begin again without it.")
    return keys[0], keys[1], keys[2]
