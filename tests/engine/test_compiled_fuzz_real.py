"""Random documents over the real schema and the demo's data, for callers of every kind."""

from __future__ import annotations

import gc
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import server
from domain.access.callers import ANONYMOUS
from persistence.bells import LocalBell
from persistence.cards.key_file import KeyFile
from persistence.cards.vault import Vault
from persistence.feed import LiveFeed
from persistence.perform import Performer
from persistence.reads import StoredReads
from persistence.work import Tools
from schema.context import Context
from tests.access.world import settings_of
from tests.engine.comparing import Comparison
from tests.engine.documents import DocumentMaker
from tests.fixtures.market import Market

pytestmark = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
SHOP = "gd-sz-mini01"
NEW_EACH_TIME = frozenset({"quote"})
"""A quote is a token of its own."""
WORDS: dict[str, Any] = {
    "slug": lambda r: r.choice(["fan-box", "cmcc-topup", "bilibili-premium", "nope"]),
    "sku": lambda r: r.choice(["TXV-VIP-1M", "IQY-GOLD-3M", "nope"]),
    "category": lambda r: r.choice(["video", "bundle", "nope"]),
    "code": lambda r: r.choice([SHOP, "hq", "gd", "zj"]),
    "channel": lambda r: r.choice([SHOP, "gd", "nobody"]),
    "first": lambda r: r.choice([0, 1, 2, 3]),
    "last": lambda r: r.choice([1, 2]),
    "after": lambda r: r.choice(["", "x"]),
    "before": lambda r: "x",
    "search": lambda r: r.choice(["会员", "a b", "%"]),
}


async def compare(market: Market, directory: Path, documents: int, seed: int) -> Comparison:
    schema = server.build_schema()
    tools = Tools(Vault(KeyFile.create(directory / "keys.json")), settings_of(directory))
    reads, bell = StoredReads(market.database, tools), LocalBell()
    performer, feed = Performer(market.database, bell, tools), LiveFeed(market.database, bell)
    callers = (ANONYMOUS, market.storefront(SHOP), market.agent(SHOP), market.agent("gd"), market.agent("hq"))
    chance = random.Random(seed)
    assert schema._schema.query_type is not None
    roots = frozenset(schema._schema.query_type.fields) - NEW_EACH_TIME
    maker = DocumentMaker(schema._schema, chance, WORDS, depth=4, roots=roots)
    comparison = Comparison(schema)
    for _ in range(documents):
        context = partial(Context, chance.choice(callers), reads, performer, feed)
        await comparison.check(maker.make(), context)
    gc.collect()
    return comparison


async def test_500_documents(market: Market, tmp_path: Path) -> None:
    tally = (await compare(market, tmp_path, 500, 5)).tally
    assert tally["compared"] > 300
    assert tally["compiled"] > tally["compared"] // 3


@pytest.mark.soak
async def test_10_000_documents(market: Market, tmp_path: Path) -> None:
    tally = (await compare(market, tmp_path, 10_000, 17)).tally
    assert tally["compared"] > 6_000
