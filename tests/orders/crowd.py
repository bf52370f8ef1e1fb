"""A crowd that asks for things at the same moment, and how many transactions that took."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from domain.access.callers import Caller
from domain.commands import Command
from domain.orders.place import PlaceOrder
from domain.orders.views import OrderView
from domain.payments.pay import PayOrder
from tests.orders.shop import Shop, line

Perform = Callable[[Command, Caller], Awaitable[Any]]
GATE = "SELECT 1 FROM stock_level FOR UPDATE"
ORDERS = "SELECT 1 FROM orders FOR UPDATE"


def place(sku: str = "TXV", quantity: int = 1, **said: Any) -> PlaceOrder:
    return PlaceOrder(said.pop("key", None) or uuid4().hex, (line(sku, quantity),), **said)


def pay(order: OrderView, method: str = "SHOP_COLLECTED") -> PayOrder:
    return PayOrder(uuid4().hex, order.id, method)


@asynccontextmanager
async def held_up(shop: Shop, lock: str) -> AsyncIterator[None]:
    """Nobody passes these rows within the block: whoever came first waits there, the others behind it."""
    async with shop.database.transaction() as connection:
        await connection.execute(lock)
        yield


async def together(
    shop: Shop, perform: Perform, asked: Sequence[tuple[Command, Caller]], lock: str = GATE
) -> list[Any]:
    """Ask all of it while the first is held up: it has a transaction, and what follows waits for the next.

    The outcomes in the order of asking, exceptions among them.
    """
    async with held_up(shop, lock):
        tasks = [asyncio.ensure_future(perform(*asked[0]))]
        while not await shop.value("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            await asyncio.sleep(0.01)
        for one in asked[1:]:
            tasks.append(asyncio.ensure_future(perform(*one)))
            await asyncio.sleep(0)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def transactions(shop: Shop, table: str = "orders") -> list[int]:
    """How many rows of a table each transaction has left, the oldest first."""
    rows = await shop.rows(f"SELECT count(*) AS n FROM {table} GROUP BY xmin ORDER BY min(id::text)")
    return [row["n"] for row in rows]


def kinds(outcomes: Sequence[Any]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)
