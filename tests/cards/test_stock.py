"""Stock is taken once, returned to where it was, and counted exactly, whoever comes at the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.cards.refusals import StockExhausted
from tests.cards.stockroom import Stockroom


async def test_an_order_takes_cards_and_a_release_brings_them_back(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    await room.minted(sku, 5)
    demands = await room.order([(sku, 2)], customer=buyer)
    await room.reserve(demands, buyer)
    assert await room.states(sku) == {"IN_STOCK": 3, "RESERVED": 2}
    assert await room.available(sku) == 3
    held = await room.run("SELECT * FROM card WHERE state = 'RESERVED' ORDER BY seq")
    assert {card["order_line_id"] for card in held} == {demands[0].order_line_id}
    assert {card["customer_id"] for card in held} == {buyer.subject_id}
    assert {card["channel_id"] for card in held} == {room.channels["shop"][-1]}

    await room.release(demands, buyer)
    assert await room.states(sku) == {"IN_STOCK": 5}
    assert await room.available(sku) == 5
    assert await room.value("SELECT count(*) FROM card WHERE num_nonnulls(order_id, channel_id) > 0") == 0
    again = await room.order([(sku, 5)], customer=buyer)
    await room.reserve(again, buyer)
    assert await room.states(sku) == {"RESERVED": 5}


async def test_paid_cards_are_sold_and_delivered_with_an_event_for_each_step(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    await room.minted(sku, 2)
    (card,) = await room.buy(sku, buyer)
    assert await room.states(sku) == {"IN_STOCK": 1, "DELIVERED": 1}
    steps = await room.run(
        "SELECT ordinal, from_state, to_state FROM card_event WHERE card_id = $1 ORDER BY ordinal", card
    )
    assert [tuple(step) for step in steps] == [
        (1, None, "IN_STOCK"),
        (2, "IN_STOCK", "RESERVED"),
        (3, "RESERVED", "SOLD"),
        (4, "SOLD", "DELIVERED"),
    ]
    told = await room.run("SELECT * FROM outbox ORDER BY id")
    assert [(event["payload"]["from"], event["payload"]["to"]) for event in told] == [
        ("RESERVED", "SOLD"),
        ("SOLD", "DELIVERED"),
    ]
    assert {event["customer_id"] for event in told} == {buyer.subject_id}
    assert {event["payload"]["sku"] for event in told} == {"month"}


async def test_too_much_is_refused_with_what_is_left_and_changes_nothing(room: Stockroom) -> None:
    plenty, scarce = await room.sku("plenty"), await room.sku("scarce")
    await room.minted(plenty, 5)
    await room.minted(scarce, 3)
    buyer = await room.customer()
    before = await room.run("SELECT * FROM stock_level ORDER BY variant_id")
    demands = await room.order([(plenty, 2), (scarce, 2), (scarce, 2)], customer=buyer)
    with pytest.raises(StockExhausted) as refused:
        await room.reserve(demands, buyer)
    assert (refused.value.sku, refused.value.wanted, refused.value.left) == ("scarce", 4, 3)
    assert await room.run("SELECT * FROM stock_level ORDER BY variant_id") == before
    assert await room.value("SELECT count(*) FROM card WHERE state <> 'IN_STOCK'") == 0
    assert await room.value("SELECT count(*) FROM card_event WHERE ordinal > 1") == 0


async def test_two_lines_of_one_sku_get_different_cards(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    await room.minted(sku, 5)
    demands = await room.order([(sku, 2), (sku, 3)], customer=buyer)
    await room.reserve(demands, buyer)
    rows = await room.run("SELECT order_line_id, count(*) AS n FROM card GROUP BY 1")
    assert {row["order_line_id"]: row["n"] for row in rows} == {
        demands[0].order_line_id: 2,
        demands[1].order_line_id: 3,
    }


async def test_physical_goods_are_a_count_and_top_ups_have_no_stock(room: Stockroom) -> None:
    figure, credit = await room.sku("figure", "PHYSICAL"), await room.sku("credit", "DIRECT_TOPUP")
    await room.count(figure, 3)
    buyer = await room.customer()
    demands = await room.order([(figure, 2), (credit, 50)], customer=buyer)
    await room.reserve(demands, buyer)
    assert await room.available(figure) == 1
    with pytest.raises(StockExhausted):
        await room.reserve(await room.order([(figure, 2)], customer=buyer), buyer)
    await room.release(demands, buyer)
    assert await room.available(figure) == 3


async def test_cards_that_end_soon_are_not_sold(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    now = datetime.now(UTC)
    await room.minted(sku, 1, now + timedelta(hours=23))
    await room.minted(sku, 1, now + timedelta(hours=25))
    with pytest.raises(StockExhausted) as refused:
        await room.reserve(await room.order([(sku, 2)], customer=buyer), buyer)
    assert refused.value.left == 1
    await room.buy(sku, buyer)
    expiry = await room.value("SELECT expires_at FROM card WHERE state = 'DELIVERED'")
    assert expiry > now + timedelta(hours=24)


async def test_two_hundred_buyers_of_a_hundred_cards_buy_exactly_a_hundred(dsn: str) -> None:
    """Through four pools, as four processes would."""
    rooms = [await Stockroom.open(dsn, size=10) for _ in range(4)]
    sku, buyer = await rooms[0].sku("month"), await rooms[0].customer()
    await rooms[0].minted(sku, 100)
    orders = [await rooms[0].order([(sku, 1)], customer=buyer) for _ in range(200)]

    async def attempt(n: int) -> bool:
        try:
            await rooms[n % 4].reserve(orders[n], buyer)
        except StockExhausted as refused:
            left.append(refused.left)
            return False
        await rooms[n % 4].deliver(orders[n], buyer)
        return True

    left: list[int] = []
    sold = await asyncio.gather(*(attempt(n) for n in range(200)))
    assert sum(sold) == 100
    assert left == [0] * 100
    assert await rooms[0].states(sku) == {"DELIVERED": 100}
    assert await rooms[0].available(sku) == 0
    assert await rooms[0].value("SELECT count(DISTINCT order_line_id) FROM card") == 100
    for room in rooms:
        await room.database.close()


async def test_bundles_that_share_a_component_never_deadlock(dsn: str) -> None:
    """Orders name the shared SKUs in opposite orders, while others are released."""
    rooms = [await Stockroom.open(dsn, size=8) for _ in range(3)]
    a, b = await rooms[0].sku("a"), await rooms[0].sku("b")
    await rooms[0].minted(a, 40)
    await rooms[0].minted(b, 40)
    buyer = await rooms[0].customer()
    orders = [
        await rooms[0].order([(a, 1), (b, 1)] if n % 2 else [(b, 1), (a, 1)], customer=buyer)
        for n in range(120)
    ]

    async def attempt(n: int) -> int:
        room = rooms[n % 3]
        try:
            await room.reserve(orders[n], buyer)
        except StockExhausted:
            return 0
        if n % 3 == 0:
            await room.release(orders[n], buyer)
            return 0
        return 1

    kept = sum(await asyncio.gather(*(attempt(n) for n in range(120))))
    for sku in (a, b):
        assert (await rooms[0].states(sku)).get("RESERVED", 0) == kept
        assert await rooms[0].available(sku) == 40 - kept
    for room in rooms:
        await room.database.close()


async def test_a_guests_cards_become_the_customers(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    await room.minted(sku, 1)
    demands = await room.order([(sku, 1)])
    await room.reserve(demands, room.agent("shop"))
    await room.deliver(demands, room.agent("shop"))
    assert await room.value("SELECT customer_id FROM card") is None
    await room.act(buyer, lambda work: work.cards.assign_customer([demands[0].order_id], buyer.subject_id))
    assert await room.value("SELECT customer_id FROM card") == buyer.subject_id
