"""A price shown comes from memory and is old by half a second at most; a price charged is never old."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

import server
from domain.channels.rules import PriceBase, RuleKind, RuleMode
from domain.channels.set_price_rule import SetPriceRule
from domain.kept import MOST_TEXTS, Room, Written
from persistence.bells import LocalBell
from persistence.cards.key_file import KeyFile
from persistence.cards.vault import Vault
from persistence.feed import LiveFeed
from persistence.reads import StoredReads
from persistence.trust import TRUSTED_S
from persistence.work import Tools
from resolvers.http.codec import OrjsonCodec
from schema.context import Context
from schema.engine.compiled.execution import CompiledExecution
from schema.engine.engine import Engine
from schema.engine.requests import GraphQLRequest
from tests.access.world import settings_of
from tests.fixtures.market import Market

SHOP, SKU = "gd-sz-mini01", "TXV-VIP-1M"
PRICE = "query P($sku: String!) { variant(sku: $sku) { sku price { amount } product { slug } } }"


@pytest.fixture
def told(market: Market) -> Market:
    """A market whose process hears of its own transactions, as a store's does."""
    market.database.after.append(market.tools.shelf.epochs.over)
    return market


async def _price(market: Market, seller: str = SHOP) -> int:
    found = await market.catalog.variant(market.storefront(seller), SKU)
    assert found is not None
    assert found.price is not None
    return found.price.minor


async def _set(market: Market, value: str) -> None:
    rule = SetPriceRule(RuleKind.RETAIL, RuleMode.FIXED, PriceBase.LIST, value, variant=SKU)
    await market.perform(rule, market.agent(SHOP))


async def _elsewhere(market: Market, minor: int) -> None:
    """Another process changes a list price; this one is told nothing."""
    async with market.database.connection() as connection:
        await connection.execute("UPDATE variant SET list_minor = $2 WHERE sku = $1", SKU, minor)
        await connection.execute("UPDATE price_epoch SET epoch = epoch + 1")


async def test_what_this_process_sets_shows_at_once(told: Market) -> None:
    for minor in (2_700, 2_650):
        await _price(told)
        await _set(told, f"{minor / 100:.2f}")
        assert await _price(told) == minor


async def test_what_another_process_sets_shows_within_a_second_and_is_charged_at_once(told: Market) -> None:
    seller = told.channels["hq"].id
    before = await told.catalog.variant(told.storefront("hq"), SKU)
    assert before is not None
    await _elsewhere(told, 12_345)
    async with told.database.transaction() as connection:
        charged = await told.tools.shelf.glance(connection, seller)
    assert charged.book.catalogue.by_sku[SKU].goods.list_minor == 12_345
    await asyncio.sleep(TRUSTED_S)
    after = await told.catalog.variant(told.storefront("hq"), SKU)
    assert after is not None
    assert after.list_price.minor == 12_345


async def test_an_answer_from_kept_texts_changes_with_the_price(told: Market, tmp_path: Path) -> None:
    schema, codec = server.build_schema(), OrjsonCodec()
    tools = Tools(Vault(KeyFile.create(tmp_path / "keys.json")), settings_of(tmp_path), told.tools.shelf)
    reads, bell = StoredReads(told.database, tools), LocalBell()
    engine = Engine(schema, codec=codec, execution=CompiledExecution(schema, codec=codec))
    prepared = engine.prepare(GraphQLRequest(PRICE, variables={"sku": SKU}))
    context = partial(Context, told.storefront(SHOP), reads, told.performer, LiveFeed(told.database, bell))

    async def ask() -> Any:
        answer = await engine.execute(prepared, context())
        data = orjson.loads(answer.body)["data"]
        assert answer.data == data
        return data["variant"]

    first = [await ask() for _ in range(4)]
    assert all(one == first[0] for one in first)
    view = await told.catalog.variant(told.storefront(SHOP), SKU)
    assert view is not None
    assert view.written
    await _set(told, "27.10")
    assert await ask() == {**first[0], "price": {"amount": "27.10"}}


def test_what_is_kept_is_forgotten_when_it_takes_too_much_room() -> None:
    emptied: list[int] = []
    room = Room(100, lambda: emptied.append(room.used))
    written = Written(room)
    for number in range(MOST_TEXTS):
        written.keep(number, b"x", 10)
    assert (len(written), room.used, emptied) == (MOST_TEXTS, 80, [])
    written.keep(99, b"x", 30)
    assert (dict(written), emptied) == ({99: b"x"}, [0])
