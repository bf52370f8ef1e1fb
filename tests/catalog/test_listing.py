"""Lists of products: search, filters, and every sort in both directions with cursors that hold."""

import asyncio
from dataclasses import replace

import pytest

from domain.access.callers import Caller
from domain.catalog.listing import ProductFilter, ProductSort
from domain.channels.rules import PriceBase, RuleKind, RuleMode
from domain.channels.set_price_rule import SetPriceRule
from domain.channels.set_visibility import SetVisibility
from domain.paging import PageRequest, cursor_of
from domain.refusals import BadRequest, Forbidden
from tests.fixtures.market import Market

SHOP = "gd-sz-mini01"
SORTS = list(ProductSort)


async def whole(market: Market, caller: Caller, sort: ProductSort, size: int, backwards: bool) -> list[str]:
    """The whole list, read page by page."""
    found: list[str] = []
    cursor = None
    while True:
        request = (
            PageRequest.of(None, None, size, cursor, sort.value)
            if backwards
            else PageRequest.of(size, cursor, None, None, sort.value)
        )
        page = await market.catalog.products(caller, ProductFilter(), sort, request)
        slugs = [edge.node.slug for edge in page.edges]
        found = [*slugs, *found] if backwards else [*found, *slugs]
        info = page.page_info
        cursor = info.start_cursor if backwards else info.end_cursor
        if not (info.has_previous_page if backwards else info.has_next_page):
            return found


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_in_both_directions_make_the_same_whole_list(market: Market, sort: ProductSort) -> None:
    caller = market.storefront(SHOP)
    forwards = await whole(market, caller, sort, 7, backwards=False)
    assert len(forwards) == len(set(forwards)) == 37
    assert await whole(market, caller, sort, 5, backwards=True) == forwards
    assert await whole(market, caller, sort, 100, backwards=False) == forwards


@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize("sort", [ProductSort.PRICE_ASC, ProductSort.PRICE_DESC])
async def test_a_sort_by_price_is_by_the_price_shown(
    market: Market, sort: ProductSort, computed: bool
) -> None:
    caller = market.agent(SHOP)
    if computed:
        retail = SetPriceRule(
            RuleKind.RETAIL, RuleMode.FIXED, PriceBase.LIST, "999.00", product="tencent-video-vip"
        )
        await market.perform(retail, caller)
    slugs = await whole(market, caller, sort, 4, backwards=False)
    products = [await market.catalog.product(caller, slug) for slug in slugs]
    variants = await market.catalog.variants_of(caller, [one for one in products if one])
    prices = [min(v.price.minor for v in many if v.price) for many in variants]
    assert prices == sorted(prices, reverse=sort is ProductSort.PRICE_DESC)
    assert (slugs[0 if sort is ProductSort.PRICE_DESC else -1] == "tencent-video-vip") is computed


@pytest.mark.parametrize("sort", [ProductSort.PRICE_ASC, ProductSort.PRICE_DESC])
async def test_what_is_not_sellable_stands_last(market: Market, sort: ProductSort) -> None:
    hq = market.agent("hq")
    await market.value(
        """UPDATE price_rule SET ended_at = now()
           WHERE setter_id = $1 AND category_id IS NULL AND kind = 'PURCHASE'""",
        hq.channel,
    )
    await market.perform(SetVisibility("gd", True), hq)  # moves the epoch on
    slugs = await whole(market, market.storefront(SHOP), sort, 6, backwards=False)
    assert len(slugs) == 37
    product = await market.catalog.product(market.storefront(SHOP), slugs[-1])
    assert product is not None
    (variants,) = await market.catalog.variants_of(market.storefront(SHOP), [product])
    assert {one.price for one in variants} == {None}


async def test_best_selling_and_newest(market: Market) -> None:
    await market.value("UPDATE product SET sold = 5 WHERE slug = 'q-coin'")
    await market.value("UPDATE product SET sold = 9 WHERE slug = 'wps-super'")
    caller = market.storefront(SHOP)
    best = await whole(market, caller, ProductSort.BEST_SELLING, 10, backwards=False)
    assert best[:2] == ["wps-super", "q-coin"]
    newest = await whole(market, caller, ProductSort.NEWEST, 10, backwards=False)
    assert (newest[0], newest[-1]) == ("welfare-festival", "tencent-video-vip")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("爱奇艺", {"iqiyi-gold"}),
        ("奇", {"iqiyi-gold"}),
        ("Q币", {"q-coin"}),
        ("芒果tv", {"mango-tv"}),
        ("TENCENT  bear", {"tencent-bear"}),
        ("stay-home", {"relax-pack"}),
        ("takeaway music", {"relax-pack"}),
        ("%", set()),
        ("_", set()),
        ("\\", set()),
        ("爱奇艺 优酷", set()),
        ("\0", set()),
        ("' OR 1=1 --", set()),
    ],
)
async def test_search(market: Market, search: str, found: set[str]) -> None:
    page = await market.catalog.products(
        market.storefront(SHOP), ProductFilter(search=search), ProductSort.NAME, PageRequest(100)
    )
    assert {edge.node.slug for edge in page.edges} == found
    assert await page.count() == len(found)


async def test_filters_narrow_together(market: Market) -> None:
    caller = market.storefront(SHOP)
    wanted = ProductFilter(category="game", kinds=("CARD_KEY", "CARD_NUMBER_KEY"))
    page = await market.catalog.products(caller, wanted, ProductSort.NAME, PageRequest(100))
    assert {edge.node.slug for edge in page.edges} == {"steam-wallet", "netease-point"}
    for category in ("nothing", "", "\0"):
        none = await market.catalog.products(
            caller, replace(wanted, category=category), ProductSort.NAME, PageRequest(100)
        )
        assert none.edges == []
    for nothing in (
        ProductFilter(kinds=()),
        ProductFilter(kinds=(), search="月"),
        ProductFilter("game", kinds=()),
    ):
        page = await market.catalog.products(caller, nothing, ProductSort.PRICE_ASC, PageRequest(100))
        assert (page.edges, await page.count()) == ([], 0)


@pytest.mark.parametrize(
    "keys",
    [["x", "y"], [1], [1, 2, 3], [{}, []], [10**30, "00000000-0000-0000-0000-000000000000"], [None, None]],
)
@pytest.mark.parametrize("sort", SORTS)
async def test_a_forged_cursor_is_a_bad_request(
    market: Market, sort: ProductSort, keys: list[object]
) -> None:
    request = PageRequest.of(5, cursor_of(sort.value, keys), None, None, sort.value)
    with pytest.raises(BadRequest):
        await market.catalog.products(market.storefront(SHOP), ProductFilter(), sort, request)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_cursor_of_a_moment_that_cannot_be_is_a_bad_request(market: Market, moment: str) -> None:
    cursor = cursor_of("NEWEST", [moment, "00000000-0000-0000-0000-000000000000"])
    request = PageRequest.of(5, cursor, None, None, "NEWEST")
    with pytest.raises(BadRequest):
        await market.catalog.products(market.storefront(SHOP), ProductFilter(), ProductSort.NEWEST, request)


async def test_a_search_that_nobody_means_is_a_bad_request(market: Market) -> None:
    for search in ("x" * 101, "a b c d e f g"):
        with pytest.raises(BadRequest):
            await market.catalog.products(
                market.storefront(SHOP), ProductFilter(search=search), ProductSort.NAME, PageRequest(5)
            )


async def test_what_is_not_on_sale_is_for_those_who_write_the_catalogue(market: Market) -> None:
    with pytest.raises(Forbidden):
        await market.catalog.products(
            market.agent("gd"), ProductFilter(published=False), ProductSort.NAME, PageRequest(5)
        )


async def test_a_page_whose_prices_are_known_is_one_statement_and_another_for_its_stock(
    market: Market,
) -> None:
    caller = market.storefront(SHOP)
    await market.catalog.categories(caller)
    asked: list[str] = []
    await market.database.let_go()
    held = [await market.database.pool.acquire() for _ in range(4)]
    for connection in held:
        connection.add_query_logger(lambda record: asked.append(record.query))
    for connection in held:
        await market.database.pool.release(connection)

    async def shown(first: int) -> tuple[list[str], list[list[str]]]:
        """The slugs of a page, and how its statements begin."""
        await asyncio.sleep(0)  # loggers are told in the loop's next round
        asked.clear()
        page = await market.catalog.products(caller, ProductFilter(), ProductSort.NEWEST, PageRequest(first))
        many = await market.catalog.variants_of(caller, [edge.node for edge in page.edges])
        await market.catalog.stock_of(caller, [variant for variants in many for variant in variants])
        await asyncio.sleep(0)
        return [edge.node.slug for edge in page.edges], [query.split()[:2] for query in asked]

    await shown(20)  # a connection asks about types when it meets them first
    slugs, statements = await shown(19)
    assert statements == [["SELECT", "p.id,"], ["WITH", "asking"]]
    # The same page again is at hand: only what was sold meanwhile is asked for.
    assert await shown(19) == (slugs, [["WITH", "asking"]])
