"""Visibility: hidden means absent everywhere, and nobody shows what is hidden above."""

from domain.access.callers import Caller
from domain.catalog.listing import ProductFilter, ProductSort
from domain.channels.set_visibility import SetVisibility
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
