"""Stock goes from channel to child and back, never more than there is, each carved from its parent's."""

from __future__ import annotations

import asyncio

import pytest

from domain.cards.allocate_stock import AllocateStock, RecallStock
from domain.cards.refusals import QuotaExceeded, StockExhausted
from domain.channels.ports import QuotaFilter
from domain.paging import PageRequest
from domain.refusals import InvalidInput, NotFound
from persistence.channels.quota_reads import StoredQuotaReads
from tests.cards.stockroom import Sku, Stockroom


async def give(room: Stockroom, sku: Sku, giver: str, taker: str, quantity: int) -> tuple[int, int, int]:
    key = f"{giver}-{taker}-{quantity}-{await room.value('SELECT count(*) FROM idempotency')}"
    quota = await room.perform(AllocateStock(key, taker, sku.sku, quantity), room.agent(giver))
    assert quota.channel_id == room.channels[taker][-1]
    return quota.granted, quota.used, quota.left


async def test_cards_go_down_the_tree_and_sales_use_every_quota_on_the_path(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer("shop")
    await room.minted(sku, 10)
    assert await give(room, sku, "root", "province", 6) == (6, 0, 6)
    assert await give(room, sku, "province", "city", 4) == (4, 0, 4)
    assert [await room.available(sku, at) for at in ("root", "province", "city")] == [4, 2, 4]
    assert await room.states(sku) == {"IN_STOCK": 4, "ALLOCATED": 6}
    await room.buy(sku, buyer, 3)
    rows = await room.run("SELECT channel_id, granted, used FROM stock_quota")
    assert {row["channel_id"]: (row["granted"], row["used"]) for row in rows} == {
        room.channels["province"][-1]: (6, 3),
        room.channels["city"][-1]: (4, 3),
    }
    with pytest.raises(StockExhausted) as refused:
        await room.reserve(await room.order([(sku, 2)], "shop"), buyer)
    assert (refused.value.wanted, refused.value.left) == (2, 1)
    places = await room.run(
        "SELECT channel_id FROM card_event WHERE to_state = 'ALLOCATED' AND card_id ="
        " (SELECT id FROM card WHERE state = 'DELIVERED' LIMIT 1) ORDER BY ordinal"
    )
    assert [row["channel_id"] for row in places] == [
        room.channels["province"][-1], room.channels["city"][-1],
    ]  # fmt: skip


async def test_what_is_not_reserved_is_taken_back_to_where_it_came_from(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer("shop")
    await room.minted(sku, 5)
    await give(room, sku, "root", "province", 5)
    await give(room, sku, "province", "city", 3)
    demands = await room.order([(sku, 1)], "shop")
    await room.reserve(demands, buyer)
    with pytest.raises(QuotaExceeded) as refused:
        await give(room, sku, "province", "city", -3)
    assert (refused.value.wanted, refused.value.left) == (3, 2)
    assert await give(room, sku, "province", "city", -2) == (1, 1, 0)
    assert await give(room, sku, "root", "province", -4) == (1, 1, 0)
    assert await room.states(sku) == {"IN_STOCK": 4, "RESERVED": 1}
    assert [await room.available(sku, at) for at in ("root", "province", "city")] == [4, 0, 0]
    await room.release(demands, buyer)
    assert await room.available(sku, "city") == 1
    assert await give(room, sku, "province", "city", -1) == (0, 0, 0)
    assert await give(room, sku, "root", "province", -1) == (0, 0, 0)
    assert await room.value("SELECT count(*) FROM stock_quota") == 0
    await room.buy(sku, buyer, 5)


async def test_nobody_gives_what_it_does_not_have(room: Stockroom) -> None:
    sku = await room.sku("month")
    await room.minted(sku, 3)
    before = await room.run("SELECT id, state, pool_id, ordinal FROM card ORDER BY id")
    for giver, taker, quantity, left in (
        ("root", "province", 4, 3),
        ("province", "city", 1, 0),
        ("root", "province", -1, 0),
    ):
        with pytest.raises(QuotaExceeded) as refused:
            await give(room, sku, giver, taker, quantity)
        assert refused.value.left == left
    assert await room.run("SELECT id, state, pool_id, ordinal FROM card ORDER BY id") == before
    assert await room.value("SELECT count(*) FROM stock_quota") == 0


async def test_a_cap_on_goods_without_stock_nests(room: Stockroom) -> None:
    credit, buyer = await room.sku("credit", "DIRECT_TOPUP"), await room.customer("shop")
    assert await give(room, credit, "root", "province", 10) == (10, 0, 10)
    assert await give(room, credit, "province", "city", 6) == (6, 0, 6)
    with pytest.raises(QuotaExceeded) as refused:
        await give(room, credit, "province", "city", 5)
    assert refused.value.left == 4
    kept = await room.order([(credit, 5)], "shop")
    await room.reserve(kept, buyer)
    with pytest.raises(StockExhausted) as exhausted:
        await room.reserve(await room.order([(credit, 2)], "shop"), buyer)
    assert exhausted.value.left == 1
    with pytest.raises(StockExhausted) as carved:
        await room.reserve(await room.order([(credit, 5)], "province"), buyer)
    assert carved.value.left == 4
    await room.reserve(await room.order([(credit, 4)], "province"), buyer)
    await room.release(kept, buyer)
    assert await give(room, credit, "province", "city", -6) == (0, 0, 0)
    assert await give(room, credit, "root", "province", -6) == (4, 4, 0)


async def test_a_count_of_physical_goods_moves_with_its_quota(room: Stockroom) -> None:
    figure, buyer = await room.sku("figure", "PHYSICAL"), await room.customer("shop")
    await room.count(figure, 5)
    await give(room, figure, "root", "province", 3)
    assert [await room.available(figure, at) for at in ("root", "province")] == [2, 3]
    await room.reserve(await room.order([(figure, 3)], "shop"), buyer)
    assert [await room.available(figure, at) for at in ("root", "province")] == [2, 0]


async def test_only_a_child_is_given_stock_and_only_of_what_there_is(room: Stockroom) -> None:
    sku, bundle = await room.sku("month"), await room.sku("pack", "BUNDLE")
    await room.minted(sku, 3)
    cases = [
        ("root", "city", sku.sku, 1, InvalidInput),
        ("root", "root", sku.sku, 1, InvalidInput),
        ("province", "other", sku.sku, 1, NotFound),
        ("province", "root", sku.sku, 1, NotFound),
        ("root", "nowhere", sku.sku, 1, NotFound),
        ("root", "province", "unknown", 1, NotFound),
        ("root", "province", bundle.sku, 1, InvalidInput),
        ("root", "province", sku.sku, 0, InvalidInput),
        ("root", "province", sku.sku, 2_000_000_000, InvalidInput),
    ]
    for giver, taker, name, quantity, refusal in cases:
        with pytest.raises(refusal):
            await room.perform(AllocateStock("k", taker, name, quantity), room.agent(giver))
    assert await room.value("SELECT count(*) FROM stock_quota") == 0


async def test_the_same_key_moves_nothing_twice(room: Stockroom) -> None:
    sku, headquarters = await room.sku("month"), room.agent()
    await room.minted(sku, 10)
    command = AllocateStock("k1", "province", "month", 3)
    answers = await asyncio.gather(*(room.perform(command, headquarters) for _ in range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert await room.available(sku, "province") == 3


async def test_allocations_sales_and_returns_at_once_keep_every_count_exact(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer("shop")
    await room.minted(sku, 60)
    await give(room, sku, "root", "province", 20)
    orders = [await room.order([(sku, 1)], "shop") for _ in range(40)]

    async def buy(n: int) -> None:
        try:
            await room.reserve(orders[n], buyer)
        except StockExhausted:
            return
        if n % 2:
            await room.release(orders[n], buyer)

    async def shift(n: int) -> None:
        try:
            command = AllocateStock(f"shift-{n}", "province", "month", 3 if n % 2 else -2)
            await room.perform(command, room.agent())
        except QuotaExceeded:
            return

    await asyncio.gather(*(buy(n) for n in range(40)), *(shift(n) for n in range(20)))
    counted = await room.run(
        "SELECT l.pool_id, l.available, (SELECT count(*) FROM card c WHERE c.pool_id = l.pool_id"
        " AND c.state IN ('IN_STOCK', 'ALLOCATED')) AS cards FROM stock_level l"
    )
    assert all(row["available"] == row["cards"] for row in counted)
    reserved = (await room.states(sku)).get("RESERVED", 0)
    quota = (await room.run("SELECT granted, used FROM stock_quota"))[0]
    assert quota["used"] == reserved
    assert await room.available(sku, "province") == quota["granted"] - quota["used"]
    free = await room.run(
        "SELECT min(c.seq) AS first, l.head FROM card c JOIN stock_level l USING (variant_id, pool_id)"
        " WHERE c.state IN ('IN_STOCK', 'ALLOCATED') GROUP BY l.pool_id, l.head"
    )
    assert all(row["head"] <= row["first"] for row in free)


async def test_all_that_is_free_is_recalled_without_knowing_how_much(room: Stockroom) -> None:
    month, buyer = await room.sku("month"), await room.customer("shop")
    await room.minted(month, 8)
    await room.perform(AllocateStock("a", "province", "month", 6), room.agent())
    await room.perform(AllocateStock("b", "city", "month", 3), room.agent("province"))
    await room.reserve(await room.order([(month, 1)], "shop"), buyer)
    found = await room.perform(RecallStock("c", "province", "month"), room.agent())
    assert (found.granted, found.used) == (3, 1)
    assert await room.perform(RecallStock("c", "province", "month"), room.agent()) == found
    assert [await room.available(month, at) for at in ("root", "province", "city")] == [5, 0, 2]
    with pytest.raises(QuotaExceeded) as refused:
        await room.perform(RecallStock("d", "city", "month", 3), room.agent("province"))
    assert refused.value.left == 2
    for n, channel, left_there in ((0, "city", 1), (1, "province", 1)):
        giver = room.agent("province" if channel == "city" else "root")
        quota = await room.perform(RecallStock(f"e{n}", channel, "month"), giver)
        assert (quota.granted, quota.used) == (left_there, 1)
    assert await room.available(month) == 7
    with pytest.raises(InvalidInput):
        await room.perform(RecallStock("f", "province", "month", 0), room.agent())
    reads = StoredQuotaReads(room.database)
    listed = await reads.stock_quotas(
        room.agent(), QuotaFilter(sku="month"), PageRequest.of(None, None, None, None, "stock-quotas")
    )
    assert [(edge.node.granted, edge.node.used, edge.node.left) for edge in listed.edges] == [(1, 1, 0)] * 2
