"""Regular work on orders: closing what was not paid in time, and counting what sells."""

from __future__ import annotations

from typing import Any

from domain.access.callers import SYSTEM
from domain.orders.bestsellers import CountSold
from domain.orders.closing import ExpireOrders
from persistence.jobs import Desk, timer

EXPIRED_AT_ONCE = 100
"""Orders of one transaction: their stock stays locked for as long as it takes."""

COUNTED_AT_ONCE = 5_000
ROUNDS = 50
"""Batches of one tick; the next tick goes on."""


@timer("orders.expire", "* * * * * */5")
async def expire(_facts: dict[str, Any], desk: Desk) -> None:
    """Close overdue orders, batch by batch."""
    for _ in range(ROUNDS):
        if await desk.perform(ExpireOrders(EXPIRED_AT_ONCE), SYSTEM) < EXPIRED_AT_ONCE:
            return


@timer("orders.count-sold", "* * * * * */15")
async def count(_facts: dict[str, Any], desk: Desk) -> None:
    """Bring the products' counters up to date."""
    for _ in range(ROUNDS):
        if await desk.perform(CountSold(COUNTED_AT_ONCE), SYSTEM) < COUNTED_AT_ONCE:
            return
