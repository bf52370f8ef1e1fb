"""Random documents over orders, cards and refunds: what is read by selection is what everything shows."""

from __future__ import annotations

import gc
import random
from functools import partial
from typing import Any

import pytest

import server
from domain.access.callers import ANONYMOUS
from persistence.reads import StoredReads
from schema import ids
from schema.context import Context
from tests.engine.comparing import Comparison
from tests.engine.documents import DocumentMaker
from tests.orders import desk
from tests.orders.shop import Shop, line, top_up

pytestmark = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
ROOTS = frozenset(
    {"orders", "order", "cards", "card", "refunds", "node", "channel", "agents", "tokens"}
    | {"depositRequests", "salesQuotas", "stockQuotas"}
)
ASIDE = """
    WITH stock AS (INSERT INTO stock_quota (channel_id, variant_id, granted) VALUES ($1, $2, 3)),
         sales AS (INSERT INTO sales_quota
                          (id, channel_id, variant_id, period, zone, quantity, starts_at, ends_at)
                   VALUES (gen_random_uuid(), $1, $2, 'DAY', 'UTC', 9, now(), now() + interval '1 day')),
         ann AS (INSERT INTO agent (id, email, password_hash, name, channel_id, roles)
                 VALUES (gen_random_uuid(), $3, 'x', 'Ann', $1, '{OWNER}') RETURNING id)
    INSERT INTO deposit_request (id, kind, channel_id, amount_minor, currency, status, approvals_needed,
                                 requested_by_id, requested_by)
    SELECT gen_random_uuid(), 'TOP_UP', $1, 500, 'CNY', 'PENDING', 1, id, 'Ann' FROM ann"""
"""Rows of the lists beside the trade, in a channel."""


async def trade(shop: Shop) -> tuple[list[Any], list[str]]:
    """Orders of every kind in several channels; the callers, and the ids of what there is."""
    customer, guest, agent = await shop.customer(), shop.storefront("ZJ"), shop.agent()
    await shop.bought(customer, line("TXV", 2), line("FIGURE"), top_up(), line("DRAW"))
    back = await shop.bought(shop.agent("GD"), line("IQY"), external_id="E1")
    await shop.bought(guest, line("PACK", 1, {"CMCC": {"phone": "13800138000"}}))
    await shop.place(agent, line("FILM"))
    await shop.work_off(2)
    await desk.ask(shop, shop.agent("GD"), back)
    for channel in ("GD", "SHOP"):
        await shop.run(ASIDE, shop.channels[channel], shop.variants["TXV"], f"{channel}@b.cn")
    found = []
    for prefix, table in (("ord", "orders"), ("crd", "card"), ("pay", "payment"), ("lin", "order_line"),
                          ("rfd", "refund"), ("shp", "shipment")):  # fmt: skip
        rows = await shop.rows(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 4")
        found += [ids.encode(prefix, row["id"]) for row in rows]
    callers = [ANONYMOUS, customer, guest, agent, shop.agent("GD"), shop.agent("ZJ"), shop.agent("HQ"),
               shop.api("orders:read")]  # fmt: skip
    return callers, found


async def compare(shop: Shop, documents: int, seed: int) -> Comparison:
    callers, known = await trade(shop)
    words: dict[str, Any] = {
        "id": lambda r: r.choice([*known, "ord_x"]),
        "code": lambda r: r.choice(["SHOP", "GD", "HQ", "nobody"]),
        "channel": lambda r: r.choice(["SHOP", "GD", "HQ", "nobody"]),
        "sku": lambda r: r.choice(["TXV", "IQY", "nope"]),
        "externalId": lambda r: r.choice(["E1", "x"]),
        "first": lambda r: r.choice([0, 1, 2, 30]),
        "last": lambda r: r.choice([1, 2]),
        "placedAfter": lambda r: "2020-01-01T00:00:00Z",
        "after": lambda r: "x",
        "before": lambda r: "x",
    }
    chance = random.Random(seed)
    schema = server.build_schema()
    maker = DocumentMaker(schema._schema, chance, words, depth=6, roots=ROOTS)
    comparison, reads, feed = Comparison(schema), StoredReads(shop.database, shop.tools), None
    for _ in range(documents):
        context = partial(Context, chance.choice(callers), reads, shop.perform, feed)  # type: ignore[arg-type]
        await comparison.check(maker.make(), context)
    # What a field looks at without having said so is not read, and a plan leaves for graphql-core there: only
    # arguments that are wrong may be why a document is run again.
    raised = {reason for _, reason in comparison.compiled.fallbacks if reason.startswith("raised")}
    assert raised <= {"raised BadRequest", "raised KeyError"}
    gc.collect()
    return comparison


async def test_150_documents(shop: Shop) -> None:
    tally = (await compare(shop, 150, 4)).tally
    assert tally["compared"] > 75
    assert tally["compiled"] > tally["compared"] // 3


@pytest.mark.soak
async def test_10_000_documents(shop: Shop) -> None:
    tally = (await compare(shop, 10_000, 19)).tally
    assert tally["compared"] > 5_000
