"""A quota caps what a subtree sells in a period; quotas nest, and no crowd of buyers gets past one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.cards.refusals import StockExhausted
from domain.channels.grow import MoveChannel
from domain.channels.ports import QuotaFilter
from domain.channels.quotas import HoldsQuota, QuotaHandedOn, QuotaNotCovered, QuotaPeriod, SalesQuotaView
from domain.channels.set_sales_quota import EndSalesQuota, SetSalesQuota
from domain.paging import PageRequest
from domain.refusals import InvalidInput, NotFound
from persistence.channels.quota_reads import StoredQuotaReads
from persistence.work import Work
from tests.cards.stockroom import Sku, Stockroom

DAY, WEEK, MONTH, TOTAL = QuotaPeriod
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def room(dsn: str) -> AsyncIterator[Stockroom]:
    """Root → province → city → shop, and root → other."""
    room = await Stockroom.open(dsn)
    await room._channel("twin", "SHOP", "province")
    yield room
    await room.database.close()


async def cap(
    room: Stockroom, giver: str, taker: str, sku: Sku, quantity: int, period: QuotaPeriod = DAY
) -> SalesQuotaView:
    command = SetSalesQuota(taker, sku.sku, period, quantity)
    found: SalesQuotaView = await room.perform(command, room.agent(giver))
    assert found.channel_id == room.channels[taker][-1]
    return found


async def end(room: Stockroom, by: str, of: str, sku: Sku, period: QuotaPeriod = DAY) -> SalesQuotaView:
    ended: SalesQuotaView = await room.perform(EndSalesQuota(of, sku.sku, period), room.agent(by))
    return ended


async def left(room: Stockroom, sku: Sku, shop: str) -> int | None:
    """What a shop is shown."""
    path = room.channels[shop]
    async with room.database.transaction() as connection:
        work = Work(connection, room.tools, "test")
        return (await work.orders.stock_left([(sku.id, path[0])], path[-1])).get((sku.id, path[0]))


async def sell(room: Stockroom, sku: Sku, quantity: int, shop: str = "shop") -> list[object]:
    demands = await room.order([(sku, quantity)], shop)
    await room.reserve(demands, room.agent(shop))
    return list(demands)


async def rows(room: Stockroom) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    """(channel, period) → quantity, handed on, used, own used."""
    found = await room.run(
        "SELECT c.code, q.* FROM sales_quota q JOIN channel c ON c.id = q.channel_id ORDER BY c.code"
    )
    return {
        (row["code"], row["period"]): (row["quantity"], row["handed_on"], row["used"], row["own_used"])
        for row in found
    }


async def test_quotas_nest_and_every_sale_counts_on_the_whole_path(room: Stockroom) -> None:
    month = await room.sku("month")
    await room.minted(month, 40)
    given = await cap(room, "root", "province", month, 20)
    assert (given.used, given.left) == (0, 20)
    with pytest.raises(QuotaNotCovered) as refused:
        await cap(room, "province", "city", month, 21)
    assert (refused.value.wanted, refused.value.left) == (21, 20)
    await cap(room, "province", "city", month, 12)
    with pytest.raises(QuotaNotCovered) as refused:
        await cap(room, "province", "twin", month, 9)
    assert refused.value.left == 8
    with pytest.raises(QuotaHandedOn) as covered:
        await cap(room, "root", "province", month, 11)
    assert (covered.value.wanted, covered.value.handed_on) == (11, 12)
    assert [await left(room, month, shop) for shop in ("shop", "twin", "other")] == [12, 8, 40]

    await sell(room, month, 5)
    await sell(room, month, 6, "twin")
    assert await rows(room) == {
        ("province", "DAY"): (20, 12, 11, 6), ("city", "DAY"): (12, 0, 5, 5),
    }  # fmt: skip
    assert [await left(room, month, shop) for shop in ("shop", "twin", "other")] == [7, 2, 29]
    with pytest.raises(StockExhausted) as gone:
        await sell(room, month, 3, "twin")
    assert (gone.value.wanted, gone.value.left) == (3, 2)


async def test_what_is_sold_stays_sold_when_quotas_change(room: Stockroom) -> None:
    month = await room.sku("month")
    await room.minted(month, 40)
    await cap(room, "root", "province", month, 20)
    await cap(room, "province", "city", month, 12)
    sold = await sell(room, month, 5)
    await sell(room, month, 6, "twin")
    # A shop below takes from the city's; another period of the same goods is another limit.
    await cap(room, "city", "shop", month, 7, WEEK)
    assert await left(room, month, "shop") == 7
    await sell(room, month, 6)
    assert await left(room, month, "shop") == 1
    await room.release(sold, room.agent("shop"))  # type: ignore[arg-type]
    assert await rows(room) == {
        ("province", "DAY"): (20, 12, 12, 6), ("city", "DAY"): (12, 0, 6, 6), ("shop", "WEEK"): (7, 0, 6, 6),
    }  # fmt: skip
    # Lowered below what is sold: nothing is left, and nothing is taken from anybody.
    lowered = await cap(room, "province", "city", month, 4)
    assert (lowered.used, lowered.left) == (6, 0)
    assert await left(room, month, "shop") == 0
    ended = await end(room, "root", "city", month)
    assert (ended.quantity, ended.used) == (4, 6)
    assert (await rows(room))["province", "DAY"] == (20, 0, 12, 12)
    assert [await left(room, month, shop) for shop in ("shop", "twin")] == [1, 8]


async def test_a_period_begins_anew_by_itself(room: Stockroom) -> None:
    credit = await room.sku("credit", "DIRECT_TOPUP")
    for period, quantity in ((DAY, 3), (WEEK, 5), (MONTH, 6), (TOTAL, 7)):
        await cap(room, "root", "province", credit, quantity, period)
    await cap(room, "province", "city", credit, 2)
    old = await sell(room, credit, 2)
    assert await left(room, credit, "shop") == 0
    passed = (
        "UPDATE sales_quota SET starts_at = starts_at - CAST($1 AS interval),"
        " ends_at = ends_at - CAST($1 AS interval) WHERE period = $2"
    )
    await room.run(passed, timedelta(days=1), "DAY")
    await room.run("UPDATE fulfilment SET created_at = created_at - interval '1 day'")
    await room.run("UPDATE sales_quota SET created_at = created_at - interval '2 days'")
    assert [await left(room, credit, shop) for shop in ("shop", "twin")] == [2, 1]
    await sell(room, credit, 1)
    day = (await room.run("SELECT * FROM sales_quota WHERE period = 'DAY' AND handed_on > 0"))[0]
    today = datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    assert (day["used"], day["starts_at"], day["ends_at"]) == (1, today, today + timedelta(days=1))
    # What was reserved yesterday comes back to the week and to the total, not to today.
    await room.run("UPDATE sales_quota SET starts_at = starts_at - interval '2 days' WHERE period <> 'DAY'")
    await room.release(old, room.agent("shop"))  # type: ignore[arg-type]
    assert await rows(room) == {
        ("province", "DAY"): (3, 2, 1, 0), ("city", "DAY"): (2, 0, 1, 1),
        ("province", "WEEK"): (5, 0, 1, 1), ("province", "MONTH"): (6, 0, 1, 1),
        ("province", "TOTAL"): (7, 0, 1, 1),
    }  # fmt: skip
    for _ in range(3):
        await room.run(passed, timedelta(days=1), "DAY")
        await sell(room, credit, 1)
    with pytest.raises(StockExhausted) as gone:
        await sell(room, credit, 2)
    assert gone.value.left == 1
    await room.run(passed, timedelta(days=7), "WEEK")
    await room.run(passed, timedelta(days=1), "DAY")
    assert await left(room, credit, "shop") == 2


async def test_periods_end_by_the_calendar_of_the_operator(room: Stockroom) -> None:
    credit = await room.sku("credit", "DIRECT_TOPUP")
    today = datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    assert (await cap(room, "root", "other", credit, 1)).ends_at == today + timedelta(days=1)
    assert (await cap(room, "root", "other", credit, 1, WEEK)).ends_at == monday + timedelta(days=7)
    ends = (await cap(room, "root", "other", credit, 1, MONTH)).ends_at
    assert ends is not None
    assert ends.astimezone(SHANGHAI) == (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert (await cap(room, "root", "other", credit, 1, TOTAL)).ends_at is None


async def test_a_crowd_in_two_shops_gets_as_much_as_their_one_quota(room: Stockroom) -> None:
    month = await room.sku("month")
    await room.minted(month, 60)
    await cap(room, "root", "province", month, 25)
    await cap(room, "province", "twin", month, 10)
    orders = [(shop, await room.order([(month, 1)], shop)) for shop in ("shop", "twin") * 24]

    async def buy(n: int) -> str | None:
        shop, demands = orders[n]
        try:
            await room.reserve(demands, room.agent(shop))
        except StockExhausted:
            return None
        if n % 6 < 2:  # some think better of it
            await room.release(demands, room.agent(shop))
            return None
        return shop

    bought = await asyncio.gather(*(buy(n) for n in range(48)))
    kept = {shop: bought.count(shop) for shop in ("shop", "twin")}
    assert kept["twin"] <= 10
    assert kept["shop"] <= 15
    assert await rows(room) == {
        ("province", "DAY"): (25, 10, kept["shop"] + kept["twin"], kept["shop"]),
        ("twin", "DAY"): (10, 0, kept["twin"], kept["twin"]),
    }
    for shop, most in (("shop", 15), ("twin", 10)):
        rest = [await room.order([(month, 1)], shop) for _ in range(most - kept[shop] + 1)]
        done = await asyncio.gather(
            *(room.reserve(one, room.agent(shop)) for one in rest), return_exceptions=True
        )
        assert sum(one is None for one in done) == most - kept[shop]
    assert (await room.states(month))["RESERVED"] == 25
    assert (await rows(room))["province", "DAY"] == (25, 10, 25, 15)


async def test_quotas_that_are_set_at_once_never_promise_more_than_the_one_above(room: Stockroom) -> None:
    month = await room.sku("month")
    await cap(room, "root", "province", month, 10)
    told = await asyncio.gather(
        *(cap(room, "province", taker, month, 6) for taker in ("city", "twin") * 4), return_exceptions=True
    )
    assert {type(one) for one in told} == {SalesQuotaView, QuotaNotCovered}
    held = await rows(room)
    assert len(held) == 2
    assert held["province", "DAY"] == (10, 6, 0, 0)
    # Where nothing is there yet, the one above and those below do not miss one another.
    for period in (WEEK, MONTH, TOTAL):
        setting = [cap(room, "province", taker, month, 6, period) for taker in ("city", "twin")]
        await asyncio.gather(setting[0], cap(room, "root", "province", month, 20, period), setting[1])
        assert (await rows(room))["province", period.value] == (20, 12, 0, 0)


async def test_a_quota_between_takes_over_those_below_it_and_leaves_them_again(room: Stockroom) -> None:
    month = await room.sku("month")
    await cap(room, "city", "shop", month, 5)
    await cap(room, "province", "twin", month, 2)
    with pytest.raises(QuotaHandedOn) as refused:
        await cap(room, "root", "province", month, 6)
    assert refused.value.handed_on == 7
    assert (await cap(room, "root", "province", month, 9)).handed_on == 7
    with pytest.raises(QuotaHandedOn):
        await cap(room, "province", "city", month, 4)
    with pytest.raises(QuotaNotCovered) as bare:
        await cap(room, "province", "city", month, 8)
    assert bare.value.left == 7
    assert (await cap(room, "province", "city", month, 7)).handed_on == 5
    assert (await rows(room))["province", "DAY"] == (9, 9, 0, 0)
    await end(room, "province", "city", month)
    assert (await rows(room))["province", "DAY"] == (9, 7, 0, 0)
    with pytest.raises(HoldsQuota) as moved:
        await room.perform(MoveChannel(channel="city", parent="root"), room.agent("root"))
    assert (moved.value.channel, moved.value.sku) == ("shop", "month")
    told = "SELECT count(*) FROM (SELECT kind FROM outbox UNION ALL SELECT kind FROM event) e WHERE kind = $1"
    assert await room.value(told, "sales_quota.changed") == 5


async def test_who_sets_quotas_and_of_what(room: Stockroom) -> None:
    month, pack = await room.sku("month"), await room.sku("pack", "BUNDLE")
    cases = [
        ("root", "city", month.sku, 1, InvalidInput),
        ("province", "province", month.sku, 1, InvalidInput),
        ("province", "other", month.sku, 1, NotFound),
        ("city", "province", month.sku, 1, NotFound),
        ("root", "province", "unknown", 1, NotFound),
        ("root", "province", pack.sku, 1, InvalidInput),
        ("root", "province", month.sku, -1, InvalidInput),
    ]
    for giver, taker, sku, quantity, refusal in cases:
        with pytest.raises(refusal):
            await room.perform(SetSalesQuota(taker, sku, DAY, quantity), room.agent(giver))
    await cap(room, "root", "province", month, 5)
    await cap(room, "province", "city", month, 5)
    for by, of in (("province", "province"), ("other", "city"), ("city", "shop"), ("root", "twin")):
        with pytest.raises((InvalidInput, NotFound)):
            await end(room, by, of, month)


async def test_each_lists_its_own_quotas_and_those_below(room: Stockroom) -> None:
    month = await room.sku("month")
    await cap(room, "root", "province", month, 5)
    await cap(room, "province", "city", month, 5)
    reads = StoredQuotaReads(room.database)
    page = PageRequest.of(1, None, None, None, "sales-quotas")
    seen = {}
    for who in ("root", "province", "city", "other"):
        found = await reads.sales_quotas(room.agent(who), QuotaFilter(), page)
        seen[who] = ([edge.node.channel_id for edge in found.edges], await found.count())
    province, city = room.channels["province"][-1], room.channels["city"][-1]
    assert seen == {"root": ([city], 2), "province": ([city], 2), "city": ([city], 1), "other": ([], 0)}
    after = (await reads.sales_quotas(room.agent(), QuotaFilter(), page)).page_info.end_cursor
    behind = PageRequest.of(5, after, None, None, "sales-quotas")
    rest = await reads.sales_quotas(room.agent(), QuotaFilter(), behind)
    assert [edge.node.channel_id for edge in rest.edges] == [province]
    backwards = PageRequest.of(None, None, 1, None, "sales-quotas")
    last = await reads.sales_quotas(room.agent(), QuotaFilter(period=DAY), backwards)
    assert [edge.node.channel_id for edge in last.edges] == [province]
    for text in ("province", "nowhere"):
        assert (await reads.sales_quotas(room.agent("city"), QuotaFilter(text), page)).edges == []
    assert (await reads.sales_quotas(room.agent("city"), QuotaFilter(period=WEEK), page)).edges == []
