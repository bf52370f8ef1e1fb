"""Reading flash sales."""

from __future__ import annotations

from domain.access.permissions import CATALOG_READ
from schema.context import Context
from schema.flash_sales import FlashSale
from schema.nouns import shown
from schema.verbs import query


@query(requires=CATALOG_READ)
async def flash_sales(context: Context) -> list[FlashSale] | None:
    """The flash sales of your channel that have not ended, the first to begin first."""
    return shown(list[FlashSale], await context.reads.promotions.flash_sales(context.caller))
