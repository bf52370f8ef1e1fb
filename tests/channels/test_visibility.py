"""Visibility: hidden means absent everywhere, and nobody shows what is hidden above."""

from dataclasses import replace

import pytest

from domain.access.callers import Caller
from domain.catalog.listing import ProductFilter, ProductSort
from domain.catalog.update_product import UpdateProduct, UpdateVariant
from domain.channels.grow import UpdateChannel
from domain.channels.refusals import FloorBroken, MarginTooSmall
from domain.channels.rules import PriceBase, RuleKind, RuleMode
from domain.channels.set_price_rule import SetPriceRule
from domain.channels.set_visibility import SetVisibility
from domain.money import Money
from domain.paging import PageRequest
from persistence.work import Work
from tests.fixtures.market import Market

SHOP = "gd-sz-mini01"


async def slugs(market: Market, caller: Caller, search: str | None = None) -> set[str]:
    """What a list shows, with its count."""
    page = await market.catalog.products(
        caller, ProductFilter(search=search), ProductSort.NEWEST, PageRequest(limit=100)
    )
    assert await page.count() == len(page.edges)
    return {edge.node.slug for edge in page.edges}


async def test_hidden_above_is_absent_everywhere_below(market: Market) -> None:
    caller = market.storefront(SHOP)
    assert len(await slugs(market, caller)) == 37
    counts = {one.slug: one.product_count for one in await market.catalog.categories(caller)}
    await market.perform(SetVisibility("gd", False, product="tencent-video-vip"), market.agent("hq"))
    assert len(await slugs(market, caller)) == 36
    assert await slugs(market, caller, search="腾讯视频") == {"tencent-bear"}
    assert await market.catalog.product(caller, "tencent-video-vip") is None
    assert await market.catalog.variant(caller, "TXV-VIP-1M") is None
    after = {one.slug: one.product_count for one in await market.catalog.categories(caller)}
    assert after == {**counts, "video": counts["video"] - 1}
    async with market.database.transaction() as connection:
        work = Work(connection, market.tools, "test")
        assert await work.prices.offers(caller.channel, {"TXV-VIP-1M": 1}) == {}
    assert await market.catalog.variant(market.storefront("zj-hz-app01"), "TXV-VIP-1M") is not None


async def test_a_channel_cannot_show_what_is_hidden_above_or_for_it(market: Market) -> None:
    await market.perform(SetVisibility("gd-sz", False, variant="TXV-VIP-1M"), market.agent("gd"))
    await market.perform(SetVisibility("gd-sz", True), market.agent("gd-sz"))
    assert await market.catalog.variant(market.storefront(SHOP), "TXV-VIP-1M") is None
    await market.perform(SetVisibility("gd-sz", True, variant="TXV-VIP-1M"), market.agent("gd"))
    assert await market.catalog.variant(market.storefront(SHOP), "TXV-VIP-1M") is not None


async def test_the_more_specific_selection_decides(market: Market) -> None:
    shop = market.agent(SHOP)
    await market.perform(SetVisibility(SHOP, False), shop)
    assert await slugs(market, shop) == set()
    assert await market.catalog.categories(shop) == []
    await market.perform(SetVisibility(SHOP, True, category="music"), shop)
    await market.perform(SetVisibility(SHOP, False, product="netease-black"), shop)
    await market.perform(SetVisibility(SHOP, True, variant="TXV-VIP-3M"), shop)
    assert await slugs(market, shop) == {"qq-music-green", "tencent-video-vip"}
    product = await market.catalog.product(shop, "tencent-video-vip")
    assert product is not None
    (variants,) = await market.catalog.variants_of(shop, [product])
    assert [one.sku for one in variants] == ["TXV-VIP-3M"]
    await market.perform(SetVisibility(SHOP, True), shop)
    assert len(await slugs(market, shop)) == 36


async def test_a_hidden_component_is_named_in_its_bundle_and_has_no_price(market: Market) -> None:
    shop = market.agent(SHOP)
    text = """{ product(slug: "relax-pack") { variants { price { amount } } components { variant {
      sku price { amount } floorPrice { amount } margin { amount } purchasePrice { amount }
      availableQuantity } } } }"""
    await market.perform(SetVisibility("gd-sz", False, product="qq-music-green"), market.agent("gd"))
    product = (await market.query(text, shop)).data["product"]
    hidden, seen = (product["components"][at]["variant"] for at in (0, 1))
    assert hidden == {
        "sku": "QQM-1M", "price": None, "floorPrice": None, "margin": None, "purchasePrice": None,
        "availableQuantity": 0,
    }  # fmt: skip
    assert seen["price"] is not None
    assert seen["margin"] is not None
    assert product["variants"][0]["price"] is not None


SKU = "TXV-VIP-1M"
"""gd pays 80 % of 25.00 for it, gd-sz 84 %, its shops 88 % and more; nobody below gd asks less than 88 %."""
CHEAP = SetPriceRule(RuleKind.PURCHASE, RuleMode.PERCENT, PriceBase.LIST, "70", channel="gd-sz")


async def test_a_price_set_while_goods_were_hidden_is_checked_when_they_are_shown(market: Market) -> None:
    hq, gd = market.agent("hq"), market.agent("gd")
    await market.perform(SetVisibility("gd", False), hq)
    await market.perform(CHEAP, gd)
    for shown in (SetVisibility("gd", True), SetVisibility("gd", True, variant=SKU)):
        with pytest.raises(MarginTooSmall) as refused:
            await market.perform(shown, hq)
        told = refused.value
        assert (told.field, told.sku, told.channel) == (["visible"], SKU, "gd-sz")
        assert (told.pays, told.least) == ("17.50", "20.00")
    assert await slugs(market, market.storefront(SHOP)) == set()
    await market.perform(replace(CHEAP, value="84"), gd)
    await market.perform(SetVisibility("gd", True), hq)
    assert len(await slugs(market, market.storefront(SHOP))) == 37


async def test_shown_goods_keep_to_floors_and_to_prices_of_later(market: Market) -> None:
    gd, shop = market.agent("gd"), market.agent(SHOP)
    retail = SetPriceRule(RuleKind.RETAIL, RuleMode.FIXED, PriceBase.LIST, "21.00")
    await market.perform(SetVisibility(SHOP, False), shop)
    await market.perform(retail, shop)
    with pytest.raises(FloorBroken) as refused:
        await market.perform(SetVisibility(SHOP, True, variant=SKU), shop)
    assert (refused.value.field, refused.value.floor) == (["visible"], "23.00")
    await market.perform(SetVisibility("gd", False), gd)
    # What the shop hides itself does not keep the goods from the others.
    await market.perform(SetVisibility("gd", True), gd)
    await market.perform(SetVisibility("gd", False), gd)
    later = await market.value("SELECT now() + interval '1 day'")
    await market.perform(replace(CHEAP, valid_from=later), gd)
    with pytest.raises(MarginTooSmall):
        await market.perform(SetVisibility("gd", True), gd)


async def test_what_goes_on_sale_again_is_checked_as_well(market: Market) -> None:
    hq = market.agent("hq")
    for off, on in (
        (UpdateVariant(SKU, published=False), UpdateVariant(SKU, published=True)),
        (
            UpdateProduct("tencent-video-vip", published=False),
            UpdateProduct("tencent-video-vip", published=True),
        ),
    ):
        await market.perform(off, hq)
        await market.perform(replace(CHEAP, value="85", channel="gd", variant=SKU), hq)
        with pytest.raises(MarginTooSmall) as refused:
            await market.perform(on, hq)
        assert (refused.value.field, refused.value.channel) == (["published"], "gd-sz")
        await market.perform(replace(CHEAP, value="80", channel="gd", variant=SKU), hq)
        await market.perform(on, hq)


async def test_what_a_channels_parent_pays_is_not_told_to_it(market: Market) -> None:
    own = market.agent("gd-sz")
    await market.perform(SetVisibility("gd-sz", False, variant=SKU), own)
    await market.perform(UpdateChannel("gd", minimum_margin=Money(2_00)), market.agent("gd"))
    with pytest.raises(MarginTooSmall) as refused:
        await market.perform(SetVisibility("gd-sz", True, variant=SKU), own)
    assert refused.value.pays == "21.00"
    assert "22.00" not in refused.value.message
    assert "20.00" not in refused.value.message
