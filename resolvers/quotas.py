"""Verbs of quotas: what children may sell in a period, what was handed to them, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.access.permissions import STOCK_ALLOCATE, STOCK_READ
from domain.cards.allocate_stock import RecallStock
from domain.cards.refusals import QuotaExceeded
from domain.channels.ports import QuotaFilter
from domain.channels.quotas import QuotaHandedOn, QuotaNotCovered, SalesQuotaView
from domain.channels.set_sales_quota import EndSalesQuota, SetSalesQuota
from domain.paging import PageRequest
from domain.selected import ALL, Selected
from schema import quotas as nouns
from schema.cards import StockQuota
from schema.context import Context
from schema.levels import level
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.quotas import SalesQuota
from schema.verbs import mutation, query

Which = Annotated[nouns.QuotasFilter | None, strawberry.argument(description="Which quotas.")]


@query(requires=STOCK_READ)
async def sales_quotas(
    context: Context,
    filter: Which = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[SalesQuota] | None:
    """What your channel and those below it may sell in a period, by channel, SKU and period."""
    request = PageRequest.of(first, after, last, before, "sales-quotas")
    wanted = QuotaFilter() if filter is None else filter.wanted()
    page = await context.reads.quotas.sales_quotas(context.caller, wanted, request, selected.nodes)
    return shown(Connection[SalesQuota], page)


@query(requires=STOCK_READ)
async def stock_quotas(
    context: Context,
    filter: Which = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[StockQuota] | None:
    """What your channel and those below it were handed of the stock, by channel and SKU."""
    request = PageRequest.of(first, after, last, before, "stock-quotas")
    wanted = QuotaFilter() if filter is None else filter.wanted()
    page = await context.reads.quotas.stock_quotas(context.caller, wanted, request, selected.nodes)
    return shown(Connection[StockQuota], page)


@mutation(requires=STOCK_ALLOCATE, fails_with=(QuotaNotCovered, QuotaHandedOn))
async def set_sales_quota(context: Context, input: nouns.SetSalesQuotaInput) -> SalesQuota:
    """Cap what a channel right below yours sells of a SKU; it is carved from your own of that period."""
    command = SetSalesQuota(input.channel, input.sku, input.period, input.quantity)
    return shown(SalesQuota, await context.perform(command))


@mutation(requires=STOCK_ALLOCATE)
async def end_sales_quota(context: Context, input: nouns.EndSalesQuotaInput) -> SalesQuota:
    """End a quota below your channel; the channel sells within the quotas above it again."""
    return shown(SalesQuota, await context.perform(EndSalesQuota(input.channel, input.sku, input.period)))


@mutation(requires=STOCK_ALLOCATE, fails_with=(QuotaExceeded,))
async def recall_stock(context: Context, input: nouns.RecallStockInput) -> StockQuota:
    """Take back from a channel right below yours what it neither sold nor reserved nor handed on."""
    command = RecallStock(input.idempotency_key, input.channel, input.sku, input.quantity)
    return shown(StockQuota, await context.perform(command))


@level(SalesQuota, "channel_id", joined=True)
async def channel(quotas: Sequence[SalesQuotaView], context: Context, selected: Selected = ALL) -> list[Any]:
    """Whose it is."""
    return list(
        await context.reads.channels.by_ids(context.caller, [one.channel_id for one in quotas], selected)
    )
