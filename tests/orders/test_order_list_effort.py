"""A page of orders costs what the page holds, however much is sold elsewhere."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from domain.selected import ALL
from persistence.orders.lists import BELOW
from persistence.statements import Statement
from tests.orders.shop import Shop, line

ELSEWHERE = 20_000
PAGES = BELOW.of(ALL)
_FILL = """INSERT INTO orders (id, number, channel_id, status, subtotal_minor, total_minor, due_minor,
                               contact, placed_by_kind, placed_at)
           SELECT gen_random_uuid(), 'N' || n, $1, 'FULFILLED', 1, 1, 0, '{}', 'AGENT',
                  now() + n * interval '1 second' FROM generate_series(1, $2) n"""


def rows_read(plan: dict[str, Any], table: str) -> int:
    """How many rows of a table a plan has looked at."""
    own = 0
    if plan.get("Relation Name") == table:
        looked_at = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        own = round(looked_at * plan["Actual Loops"])
    return own + sum(rows_read(child, table) for child in plan.get("Plans", []))


@pytest.mark.parametrize("statement", [PAGES.forwards.statement, PAGES.backwards.statement, BELOW.count])
async def test_a_small_shop_does_not_read_the_orders_of_others(shop: Shop, statement: Statement) -> None:
    for _ in range(3):
        await shop.place(shop.agent(), line("DRAW"))
    owner = await asyncpg.connect(shop.database.dsn)
    await owner.execute(_FILL, shop.channels["ZJ"], ELSEWHERE)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    async with shop.database.connection() as connection:
        values = dict.fromkeys(statement.names) | {"scope_channel": shop.channels["SHOP"], "limit": 51}
        explained = await connection.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.sql}", *statement.arguments(values)
        )
    assert 3 <= rows_read(explained[0]["Plan"], "orders") <= 10
