"""The demo's prices at every depth, against a calculation from its files that shares no code with ours."""

import json
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import persistence.demo
from domain.catalog.listing import ProductFilter, ProductSort
from domain.channels.checks import refuse_newcomers
from domain.channels.refusals import MarginTooSmall
from domain.paging import PageRequest
from persistence.demo.catalog import acting_for
from tests.fixtures.market import Market

FILES = Path(persistence.demo.__file__).parent
CATALOG: dict[str, Any] = json.loads((FILES / "catalog.json").read_text("utf-8"))
NETWORK: dict[str, Any] = json.loads((FILES / "channels.json").read_text("utf-8"))
CHANNELS = {one["code"]: one for one in NETWORK["channels"]}
GOODS = {v["sku"]: (p["category"], v) for p in CATALOG["products"] for v in p["variants"]}
BUNDLES = {b["slug"].upper(): b for b in CATALOG["bundles"]}


def fen(amount: Fraction) -> int:
    """Minor units, half-up, by decimal arithmetic."""
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def term(code: str, category: str, name: str) -> Fraction:
    """A channel's share for a category."""
    channel = CHANNELS[code]
    terms = NETWORK["category_terms"].get(category, {}).get(channel["tier"], channel)
    return Fraction(terms[name])


def single(code: str, sku: str, name: str) -> int:
    """What a share of the list price comes to in one channel."""
    category, variant = GOODS[sku]
    return fen(Fraction(variant["list_price"]) * 100 * term(code, category, name))


def figure(code: str, sku: str, name: str) -> int:
    """The purchase price or the floor that a channel's parent has set for any SKU."""
    if sku not in BUNDLES:
        return single(code, sku, name)
    box = BUNDLES[sku]
    total = sum(single(code, part["sku"], name) * part["quantity"] for part in box["components"])
    listed = sum(Fraction(GOODS[p["sku"]][1]["list_price"]) * p["quantity"] for p in box["components"])
    return fen(total * Fraction(box["list_price"]) / listed)


def ancestors(code: str) -> list[str]:
    """The channel and those above it, without the root."""
    parent = CHANNELS[code]["parent"]
    return [] if parent is None else [code, *ancestors(parent)]


async def test_every_channel_and_sku(market: Market) -> None:
    seen = 0
    for code in CHANNELS:
        caller = market.agent(code)
        page = await market.catalog.products(
            caller, ProductFilter(), ProductSort.NAME, PageRequest(limit=100)
        )
        products = [edge.node for edge in page.edges]
        variants = [one for many in await market.catalog.variants_of(caller, products) for one in many]
        paid = await market.catalog.purchase_prices(caller, variants, None)
        assert {one.sku for one in variants} == GOODS.keys() | BUNDLES.keys()
        for variant, money in zip(variants, paid, strict=True):
            box = BUNDLES.get(variant.sku) or GOODS[variant.sku][1]
            listed = fen(Fraction(box["list_price"]) * 100)
            assert variant.price is not None
            assert (variant.list_price.minor, variant.price.minor) == (listed, listed)
            assert money is not None
            if ancestors(code):
                assert money.minor == figure(code, variant.sku, "purchase_discount"), (code, variant.sku)
                floor = max(figure(one, variant.sku, "floor") for one in ancestors(code))
                assert variant.floor_price is not None
                assert variant.floor_price.minor == floor, (code, variant.sku)
                assert variant.margin is not None
                assert variant.margin.minor == listed - money.minor
            else:
                assert variant.cost is not None
                assert variant.margin == variant.price - variant.cost
            seen += 1
    assert seen == 20 * (66 + 5)


async def test_no_margin_and_no_floor_is_broken(market: Market) -> None:
    """The goods come after the terms, when nothing is checked any more; here all terms meet all goods."""
    from persistence.work import Work

    root = market.channels["hq"].id
    async with market.database.transaction() as connection:
        work = Work(connection, market.tools, "test")
        await work.begin()
        family, rules = await work.tree.family(root), list(await work.prices.rules_around(root))
        goods = await work.prices.visible_goods(root)
    assert (len(goods), len(rules)) == (66 + 5, 190)
    refuse_newcomers(family, goods, rules, work.now, acting_for(market.channels["hq"]), "value")
    rule = next(one for one in rules if one.target_channel_id == market.channels["gd-gz-live01"].id)
    cheap = [replace(one, value=1) if one is rule else one for one in rules]
    with pytest.raises(MarginTooSmall):
        refuse_newcomers(family, goods, cheap, work.now, acting_for(market.channels["hq"]), "value")


async def test_a_channel_sees_what_its_child_pays(market: Market) -> None:
    caller = market.agent("gd")
    variant = await market.catalog.variant(caller, "CMCC-50" if "CMCC-50" in GOODS else "TXV-VIP-1M")
    assert variant is not None
    for code in ("gd", "gd-gz", "gd-gz-live01"):
        (money,) = await market.catalog.purchase_prices(caller, [variant], code)
        assert money is not None
        assert money.minor == figure(code, variant.sku, "purchase_discount")


async def test_charged_prices_are_those_shown(market: Market) -> None:
    from persistence.work import Work

    channel = market.channels["gd-sz-mini01"]
    async with market.database.transaction() as connection:
        work = Work(connection, market.tools, "test")
        offers = await work.prices.offers(channel.id, dict.fromkeys([*GOODS, *BUNDLES], 1))
    assert len(offers) == 71
    for sku, offer in offers.items():
        expected = [figure(code, sku, "purchase_discount") for code in reversed(ancestors(channel.code))]
        assert list(offer.transfer_minor[1:]) == expected
        assert offer.path == channel.path
        assert [part.pool_id for part in offer.components] == [channel.path[0]] * len(offer.components)
    assert {sku: len(offer.components) for sku, offer in offers.items() if offer.kind == "BUNDLE"} == {
        slug: len(box["components"]) for slug, box in BUNDLES.items()
    }
