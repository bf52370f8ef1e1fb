"""Quotas and allocations as back offices list them: their own and those below, by channel and SKU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, text

from domain.access.identifiers import storable
from domain.access.permissions import STOCK_READ
from domain.cards.views import StockQuotaView
from domain.channels.quotas import SalesQuotaView
from domain.paging import Page, PageRequest, cursor_of
from domain.refusals import BadRequest
from domain.selected import ALL, Selected, joined_of
from persistence.channels.quota_shapes import CODE, SALES_QUOTA, STOCK_QUOTA
from persistence.selecting.pages import LIMIT, BothWays
from persistence.selecting.variants import Chosen, Reading, Variants
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.channels.ports import QuotaFilter
    from persistence.database import Database
    from persistence.selecting.shapes import Shape

V = TypeVar("V")


class _List(Generic[V]):
    """A list of rows `q` with a channel and a variant, by the channel's code, the SKU and the period."""

    def __init__(self, name: str, shape: Shape[V], table: str, period: str) -> None:
        self.name, self._period = name, period
        self._found = f"""c.path @> ARRAY[CAST(:scope AS uuid)]
               AND (CAST(:channel AS text) IS NULL OR c.path @> ARRAY[
                    (SELECT n.id FROM channel n
                      WHERE n.code = :channel AND n.path @> ARRAY[CAST(:scope AS uuid)])])
               AND (CAST(:sku AS text) IS NULL OR v.sku = :sku)
               AND (CAST(:period AS text) IS NULL OR {period} = :period)"""
        also = ("period",) if "period" in shape.parts else ()
        self.pages = Variants(
            shape, lambda chosen: BothWays.of(chosen, self._page), ("id", "sku", CODE, *also)
        )
        self.count = Statement(
            f"""SELECT count(*) FROM {table} q JOIN channel c ON c.id = q.channel_id
                  JOIN variant v ON v.id = q.variant_id WHERE {self._found}"""
        )
        self.by_id = Variants(shape, _by_id)

    def _page(self, chosen: Chosen[V], ahead: bool) -> Select[Any]:
        keys = ("c.code", "v.sku", self._period)
        beyond = f"""(CAST(:at_code AS text) IS NULL OR ({", ".join(keys)}) {">" if ahead else "<"}
                      (CAST(:at_code AS text), CAST(:at_sku AS text), CAST(:at_period AS text)))"""
        order = [text(key if ahead else f"{key} DESC") for key in keys]
        return chosen.select().where(text(self._found), text(beyond)).order_by(*order).limit(LIMIT)


def _by_id(chosen: Chosen[V]) -> Reading[V]:
    scope = text(
        """q.id = :id AND q.channel_id IN (
               SELECT s.id FROM channel s WHERE s.path @> ARRAY[CAST(:scope AS uuid)])"""
    )
    return Reading(chosen, chosen.select().where(scope))


_SALES = _List("sales-quotas", SALES_QUOTA, "sales_quota", "q.period")
_STOCK = _List("stock-quotas", STOCK_QUOTA, "stock_quota", "CAST('TOTAL' AS text)")


class StoredQuotaReads:
    """Fills `domain.channels.ports.QuotaReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sales_quotas(
        self, caller: Caller, wanted: QuotaFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[SalesQuotaView]:
        """Quotas of periods."""
        period = None if wanted.period is None else wanted.period.value
        return await self._page(_SALES, caller, wanted, period, request, selected)

    async def stock_quotas(
        self, caller: Caller, wanted: QuotaFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[StockQuotaView]:
        """Allocations."""
        return await self._page(_STOCK, caller, wanted, None, request, selected)

    async def node(self, caller: Caller, type_name: str, id: UUID) -> SalesQuotaView | StockQuotaView | None:
        """A quota or an allocation by its id."""
        if not caller.is_back_office or not caller.may(STOCK_READ):
            return None
        listed: _List[Any] = _SALES if type_name == "SalesQuota" else _STOCK
        async with self._database.connection() as connection:
            found = await listed.by_id.of(ALL).all(connection, caller, id=id, scope=caller.channel)
        return found[0] if found else None

    async def _page(
        self,
        listed: _List[Any],
        caller: Caller,
        wanted: QuotaFilter,
        period: str | None,
        request: PageRequest,
        selected: Selected,
    ) -> Page[Any]:
        texts = [text for text in (wanted.channel, wanted.sku) if text is not None]
        if not caller.is_back_office or not caller.may(STOCK_READ) or not all(map(storable, texts)):
            return Page.empty()
        values: dict[str, Any] = {
            "scope": caller.channel,
            "channel": wanted.channel,
            "sku": wanted.sku,
            "period": period,
        }
        code, sku, at_period = _keys(request)
        values |= {"at_code": code, "at_sku": sku, "at_period": at_period, "limit": request.limit + 1}
        read = listed.pages.of(selected).way(request.backwards)
        async with self._database.connection() as connection:
            views = await read.all(connection, caller, **values)

        async def count() -> int:
            async with self._database.connection() as connection:
                return int(await listed.count.value(connection, **values))

        found = [(one, cursor_of(listed.name, _place(one))) for one in views]
        return Page.cut(found, request, count)


def _place(one: SalesQuotaView | StockQuotaView) -> list[str]:
    """Where it is in its list; an allocation has no period."""
    period = one.period.value if isinstance(one, SalesQuotaView) else "TOTAL"
    return [joined_of(one, CODE), one.sku, period]


def _keys(request: PageRequest) -> tuple[str | None, str | None, str | None]:
    """Behind which channel, SKU and period a page begins; BadRequest for a cursor that we did not make."""
    if request.after is None:
        return None, None, None
    keys = request.after
    if len(keys) != 3 or not all(isinstance(key, str) and storable(key) for key in keys):
        raise BadRequest("This cursor does not belong to this list; begin again without it.")
    return keys[0], keys[1], keys[2]
