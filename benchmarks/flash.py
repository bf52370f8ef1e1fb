"""A flash sale of the hot SKU with every limit that there is: each order takes of five counters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from benchmarks.rig import Rig
from benchmarks.world import BUYING, SHOP
from domain.access.callers import SYSTEM
from domain.access.permissions import ALL
from domain.promotions.answer_funding import StopPromotion
from domain.promotions.create_promotion import CreatePromotion
from domain.promotions.limits import Limits
from domain.promotions.scoping import WantedScope

PLENTY = 1_000_000
"""Nobody is refused: what is measured is what counting costs."""
PRICE_BP = 9_700
"""Above the floor of those who are between."""

_TAKEN = "SELECT coalesce(sum(used), 0) AS n FROM promotion_use WHERE subject LIKE 'stock%'"


PLAIN, GIVEN, LIMITED = "plain", "given", "flash"


@asynccontextmanager
async def offered(rig: Rig, side: str) -> AsyncIterator[None]:
    """What headquarters offers: nothing; so much off every order without a limit; or that as a flash sale.

    The sale has a slice for the shop, a budget, a total limit, and limits for each buyer.
    """
    if side == PLAIN:
        yield
        return
    (root,) = await rig.fetch("SELECT id FROM channel WHERE parent_id IS NULL")
    (goods,) = await rig.fetch("SELECT list_minor FROM variant WHERE sku = $1", BUYING)
    caller = replace(SYSTEM, permissions=ALL, channel_id=root["id"], channel_path=(root["id"],))
    price = goods["list_minor"] * PRICE_BP // 10_000
    if side == GIVEN:
        kind, limits = "THRESHOLD", Limits()
        settings: dict[str, Any] = {"reaches_minor": price, "off_minor": goods["list_minor"] - price}
    else:
        kind, settings = "FLASH_SALE", {"prices": {BUYING: price}, "stock": PLENTY, "per_buyer": PLENTY}
        settings["slices"] = {SHOP: PLENTY}
        limits = Limits(budget_minor=PLENTY * goods["list_minor"], orders=PLENTY, per_customer=PLENTY)
    made = await rig.store.perform(
        CreatePromotion(uuid4().hex, side, kind, settings, WantedScope(), limits=limits), caller
    )
    try:
        yield
    finally:
        await rig.store.perform(StopPromotion(made.id), caller)


async def taken(rig: Rig) -> int:
    """How many pieces all flash sales have sold."""
    (row,) = await rig.fetch(_TAKEN)
    return int(row["n"])
