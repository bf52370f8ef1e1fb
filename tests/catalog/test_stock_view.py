"""How many can be bought: the pool's stock, and every quota on the path."""

import asyncio
from uuid import UUID

from persistence.work import Work
from tests.fixtures.market import Market

SHOP = "gd-sz-mini01"


async def stock(market: Market, code: str, *skus: str) -> list[int | None]:
    """What a front end is shown."""
    caller = market.storefront(code)
    variants = [await market.catalog.variant(caller, sku) for sku in skus]
    return await market.catalog.stock_of(caller, [one for one in variants if one is not None])


async def put(market: Market, sku: str, pool: str, available: int) -> UUID:
    """Stock of a SKU in a channel's pool."""
    variant: UUID = await market.value("SELECT id FROM variant WHERE sku = $1", sku)
    await market.value(
        "INSERT INTO stock_level VALUES ($1, $2, $3, 0)", variant, market.channels[pool].id, available
    )
    return variant


async def quota(market: Market, sku: str, code: str, granted: int, used: int = 0) -> None:
    """A quota of a channel."""
    await market.value(
        """INSERT INTO stock_quota (variant_id, channel_id, granted, used)
           SELECT id, $2, $3, $4 FROM variant WHERE sku = $1""",
        sku, market.channels[code].id, granted, used,
    )  # fmt: skip


async def test_free_stock_is_the_roots(market: Market) -> None:
    await put(market, "TXV-VIP-1M", "hq", 7)
    assert await stock(market, SHOP, "TXV-VIP-1M", "TXV-VIP-3M", "YK-VIP-1M") == [7, 0, None]


async def test_every_quota_on_the_path_counts_and_the_deepest_holds_the_pool(market: Market) -> None:
    await put(market, "TXV-VIP-1M", "hq", 70)
    await quota(market, "TXV-VIP-1M", "gd", 50, 20)
    await put(market, "TXV-VIP-1M", "gd", 30)
    assert await stock(market, SHOP, "TXV-VIP-1M") == [30]
    await quota(market, "TXV-VIP-1M", "gd-sz", 12, 4)
    await put(market, "TXV-VIP-1M", "gd-sz", 9)
    assert await stock(market, SHOP, "TXV-VIP-1M") == [8]
    assert await stock(market, "gd-gz-live01", "TXV-VIP-1M") == [22]  # 8 are promised to gd-sz
    assert await stock(market, "zj-hz-app01", "TXV-VIP-1M") == [70]
    async with market.database.transaction() as connection:
        work = Work(connection, market.tools, "test")
        offers = await work.prices.offers(market.channels[SHOP].id, {"TXV-VIP-1M": 1})
        assert offers["TXV-VIP-1M"].components[0].pool_id == market.channels["gd-sz"].id


async def test_a_bundle_is_what_its_components_suffice_for(market: Market) -> None:
    await put(market, "TXV-VIP-12M", "hq", 9)
    await put(market, "MOVIE-2D", "hq", 11)
    assert await stock(market, SHOP, "MEMBER-PLUS-MOVIE") == [5]
    await quota(market, "MOVIE-2D", "gd", 3)
    await put(market, "MOVIE-2D", "gd", 3)
    assert await stock(market, SHOP, "MEMBER-PLUS-MOVIE") == [1]
    assert await stock(market, SHOP, "GAMER-PACK") == [None]


async def test_a_quota_of_a_top_up_limits_it(market: Market) -> None:
    assert await stock(market, SHOP, "YK-VIP-1M") == [None]
    await quota(market, "YK-VIP-1M", "gd", 10, 4)
    assert await stock(market, SHOP, "YK-VIP-1M") == [6]


async def test_what_a_holder_promised_to_its_children_is_not_for_others(market: Market) -> None:
    await quota(market, "YK-VIP-1M", "gd", 10, 1)
    await quota(market, "YK-VIP-1M", "gd-sz", 7, 1)
    assert await stock(market, SHOP, "YK-VIP-1M") == [6]
    assert await stock(market, "gd-gz-live01", "YK-VIP-1M") == [3]


async def capped(market: Market, sku: str, code: str, period: str, *figures: int, over: bool = False) -> None:
    """A quota of a period: its quantity, what it handed on, what is used, and what of that is its own."""
    await market.value(
        """INSERT INTO sales_quota (id, variant_id, channel_id, period, zone, quantity, handed_on, used,
                  own_used, starts_at, ends_at)
           SELECT gen_random_uuid(), id, $2, $3, 'UTC', $4, $5, $6, $7, now() - interval '2 days',
                  CASE WHEN $3 <> 'TOTAL' THEN now() + CASE WHEN $8 THEN -1 ELSE 1 END * interval '1 hour' END
             FROM variant WHERE sku = $1""",
        sku, market.channels[code].id, period, *figures, over,
    )  # fmt: skip


async def test_quotas_of_periods_limit_what_is_shown_until_they_begin_anew(market: Market) -> None:
    await put(market, "TXV-VIP-1M", "hq", 70)
    await put(market, "MOVIE-2D", "hq", 11)
    await capped(market, "TXV-VIP-1M", "gd", "DAY", 30, 12, 11, 6)
    await capped(market, "TXV-VIP-1M", "gd-sz", "DAY", 12, 0, 5, 5)
    await capped(market, "TXV-VIP-1M", "gd", "WEEK", 40, 0, 40, 40, over=True)
    await capped(market, "YK-VIP-1M", "gd-sz", "MONTH", 4, 0, 6, 6)
    await capped(market, "MOVIE-2D", "gd", "TOTAL", 3, 0, 0, 0)
    skus = ("TXV-VIP-1M", "YK-VIP-1M", "TXV-VIP-3M", "MEMBER-PLUS-MOVIE")
    await put(market, "TXV-VIP-12M", "hq", 9)
    assert await stock(market, SHOP, *skus) == [7, 0, 0, 1]
    assert await stock(market, "gd-gz-live01", *skus) == [12, None, 0, 1]
    assert await stock(market, "zj-hz-app01", *skus) == [70, None, 0, 5]
    await quota(market, "TXV-VIP-1M", "gd-sz", 3)
    await put(market, "TXV-VIP-1M", "gd-sz", 3)
    assert await stock(market, SHOP, "TXV-VIP-1M") == [3]


async def test_channels_that_ask_at_once_are_told_their_own_by_few_statements(market: Market) -> None:
    await put(market, "TXV-VIP-1M", "hq", 70)
    await quota(market, "TXV-VIP-1M", "gd", 50, 20)
    await put(market, "TXV-VIP-1M", "gd", 30)
    await put(market, "MOVIE-2D", "hq", 11)
    wanted = [
        (SHOP, ("TXV-VIP-1M",), [30]),
        ("zj-hz-app01", ("MOVIE-2D", "TXV-VIP-1M"), [11, 70]),
        (SHOP, ("TXV-VIP-3M", "TXV-VIP-1M", "YK-VIP-1M"), [0, 30, None]),
        ("gd-gz-live01", ("TXV-VIP-1M", "MOVIE-2D"), [30, 11]),
    ] * 8
    for code, skus, _ in wanted:
        await stock(market, code, *skus)  # prices are at hand
    await market.database.let_go()
    asked: list[str] = []
    held = [await market.database.pool.acquire() for _ in range(4)]
    for connection in held:
        connection.add_query_logger(lambda record: asked.append(record.query))
    for connection in held:
        await market.database.pool.release(connection)
    found = await asyncio.gather(*(stock(market, code, *skus) for code, skus, _ in wanted))
    await asyncio.sleep(0)
    assert found == [left for _, _, left in wanted]
    assert 1 <= sum("asking" in query for query in asked) <= 4
