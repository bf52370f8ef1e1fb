"""Orders that come together share a transaction: each has an outcome, and nobody pays for a neighbour."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from domain.cards.refusals import StockExhausted
from domain.orders.refusals import ExternalIdTaken
from domain.orders.status import OrderStatus
from domain.orders.views import ContactView, OrderView
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput
from tests.orders.crowd import GATE, ORDERS, held_up, kinds, pay, place, together, transactions
from tests.orders.shop import Shop


async def test_what_comes_while_a_transaction_runs_is_the_next_one(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    orders = await together(shop, perform, [(place(), agent) for _ in range(8)])
    assert kinds(orders) == {"OrderView": 8}
    assert await transactions(shop) == [1, 7]
    assert await shop.states("TXV") == {"RESERVED": 8, "IN_STOCK": 2}
    payments = await together(shop, perform, [(pay(order), agent) for order in orders], ORDERS)
    assert kinds(payments) == {"PaymentView": 8}
    assert await transactions(shop, "payment") == [1, 7]
    assert [payment.order.id for payment in payments] == [order.id for order in orders]
    assert {payment.order.status for payment in payments} == {OrderStatus.FULFILLED}
    assert await shop.states("TXV") == {"DELIVERED": 8, "IN_STOCK": 2}


async def test_who_comes_alone_waits_for_nobody(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    for _ in range(3):
        await perform(pay(await perform(place(), agent)), agent)
    assert await transactions(shop, "order_line") == [1, 1, 1]
    assert await transactions(shop, "payment") == [1, 1, 1]


async def test_a_transaction_has_room_for_so_many(shop: Shop) -> None:
    agent = shop.agent()
    few = shop.with_settings(order_batch=3)
    assert kinds(await together(shop, few.perform, [(place(), agent) for _ in range(8)])) == {"OrderView": 8}
    assert await transactions(shop) == [1, 3, 3, 1]
    alone = shop.with_settings(order_batch=1)
    assert kinds(await together(shop, alone.perform, [(place("FILM"), agent) for _ in range(3)])) == {
        "OrderView": 3
    }
    assert (await transactions(shop))[4:] == [1, 1, 1]


async def test_orders_of_other_goods_do_not_wait(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    lock = "SELECT 1 FROM stock_level s JOIN variant v ON v.id = s.variant_id WHERE v.sku = 'TXV' FOR UPDATE"
    async with held_up(shop, lock):
        waiting = asyncio.ensure_future(perform(place(), agent))
        await perform(place("FILM"), agent)
        assert not waiting.done()
    await waiting


async def test_sixty_four_buyers_of_ten_cards(shop: Shop) -> None:
    customers = [await shop.customer() for _ in range(4)]
    outcomes = await together(shop, shop.perform, [(place(), customers[n % 4]) for n in range(64)])
    assert [type(one) for one in outcomes] == [OrderView] * 10 + [StockExhausted] * 54
    assert {(one.sku, one.wanted, one.left) for one in outcomes[10:]} == {("TXV", 1, 0)}
    found = await shop.everything()
    assert [found[table] for table in ("orders", "order_line", "fulfilment", "outbox", "idempotency")] == (
        [10] * 5
    )
    assert (await shop.stock("TXV"), await shop.states("TXV")) == (0, {"RESERVED": 10})
    rows = await shop.rows("SELECT customer_id, order_id FROM card WHERE order_id IS NOT NULL")
    assert {row["order_id"]: row["customer_id"] for row in rows} == {
        order.id: order.customer_id for order in outcomes[:10]
    }


async def test_whoever_asks_first_gets_what_is_left(shop: Shop) -> None:
    """The first has a transaction to itself; of the nine behind it each takes what is there in its turn."""
    wanted = [1, 2, 8, 3, 5, 4, 1, 1, 1, 1]
    outcomes = await together(shop, shop.perform, [(place("TXV", n), shop.agent()) for n in wanted])
    got = [n for n, one in zip(wanted, outcomes, strict=True) if isinstance(one, OrderView)]
    assert got == [1, 2, 3, 4]
    refused = [(one.wanted, one.left) for one in outcomes if isinstance(one, StockExhausted)]
    assert refused == [(8, 7), (5, 4), (1, 0), (1, 0), (1, 0), (1, 0)]


async def test_a_refusal_changes_nothing_and_its_neighbours_everything(shop: Shop) -> None:
    perform, agent, guest = shop.perform, shop.agent(), shop.storefront()
    asked = [
        (place(), agent),
        (place(contact=ContactView(phone="call me")), guest),
        (place(external_id="A-1"), agent),
        (place(quote_token="made up"), guest),
        (place(external_id="A-1"), agent),
        (place("TXV", 1000), agent),
        (place(), await shop.customer()),
        (place(), shop.api("orders:read")),
    ]
    outcomes = await together(shop, perform, asked)
    assert [type(one) for one in outcomes] == [
        OrderView, InvalidInput, OrderView, InvalidInput, ExternalIdTaken, StockExhausted, OrderView,
        Forbidden,
    ]  # fmt: skip
    assert await transactions(shop) == [1, 2]
    found = await shop.everything()
    assert [found[table] for table in ("orders", "order_line", "outbox", "idempotency")] == [3] * 4
    assert await shop.states("TXV") == {"RESERVED": 3, "IN_STOCK": 7}


async def test_what_a_refused_neighbour_was_promised_is_not_lost(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    await perform(place("FILM", external_id="A-1"), agent)
    outcomes = await together(
        shop,
        perform,
        [(place("TXV", 8), agent), (place("TXV", 2, external_id="A-1"), agent), (place("TXV", 2), agent)],
    )
    assert [type(one) for one in outcomes] == [OrderView, ExternalIdTaken, OrderView]
    assert await shop.stock("TXV") == 0


async def test_a_lost_connection_loses_no_order(shop: Shop) -> None:
    agent, owner = shop.agent(), await asyncpg.connect(shop.database.dsn)
    kill = """SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
               WHERE NOT l.granted AND a.datname = current_database()"""
    perform = shop.perform
    async with held_up(shop, GATE):
        tasks = [asyncio.ensure_future(perform(place("FILM"), agent))]
        await asyncio.sleep(0)
        tasks += [asyncio.ensure_future(perform(place("FILM"), agent)) for _ in range(4)]
        async with asyncio.timeout(10):
            while not await owner.fetchval(kill):
                await asyncio.sleep(0.01)
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
                await tasks[0]
            while not await owner.fetchval(kill):
                await asyncio.sleep(0.01)
    await owner.close()
    assert kinds(await asyncio.gather(*tasks[1:])) == {"OrderView": 4}
    assert await shop.states("FILM") == {"RESERVED": 4, "IN_STOCK": 6}


async def test_a_key_that_is_repeated_at_once_has_one_effect(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    twin, other = place(key="twin"), place("TXV", 2, key="twin")
    asked = [(place(), agent), *[(twin, agent)] * 4, (other, agent), (place(), agent)]
    outcomes = await together(shop, perform, asked)
    assert [type(one) for one in outcomes] == [OrderView] * 5 + [IdempotencyConflict, OrderView]
    assert all(one == outcomes[1] for one in outcomes[2:5])
    assert await shop.value("SELECT count(*) FROM orders") == 3
    payment = pay(outcomes[1])
    payments = await together(shop, perform, [(pay(outcomes[0]), agent), *[(payment, agent)] * 3], ORDERS)
    assert payments[1] == payments[2] == payments[3]
    assert await shop.value("SELECT count(*) FROM payment") == 2


async def test_a_quota_is_used_up_in_the_order_of_asking(shop: Shop) -> None:
    await shop.run(
        "INSERT INTO stock_quota (channel_id, variant_id, granted) VALUES ($1, $3, 9), ($2, $3, 4)",
        shop.channels["GD"], shop.channels["SHOP"], shop.variants["DRAW"],
    )  # fmt: skip
    seller, above = shop.agent(), shop.agent("GD")
    asked = [(n, seller) for n in (1, 2)] + [(5, above), (2, seller), (1, above), (1, seller), (1, seller)]
    outcomes = await together(
        shop,
        shop.perform,
        [(place("DRAW", n), who) for n, who in asked],
        "SELECT 1 FROM stock_quota FOR UPDATE",
    )
    got = [isinstance(one, OrderView) for one in outcomes]
    # Of nine, four are promised to the shop: five are for the channel above, whoever asks first.
    assert got == [True, True, True, False, False, True, False]
    rows = await shop.rows("SELECT granted, used FROM stock_quota ORDER BY granted")
    assert [tuple(row) for row in rows] == [(4, 4), (9, 9)]


async def test_a_quota_of_a_day_is_used_up_in_the_order_of_asking(shop: Shop) -> None:
    await shop.run(
        """INSERT INTO sales_quota
                  (id, channel_id, variant_id, period, zone, quantity, handed_on, starts_at, ends_at)
           SELECT gen_random_uuid(), c, $3, 'DAY', 'UTC', q, h, now(), now() + interval '1 day'
             FROM (VALUES ($1::uuid, 9, 4), ($2::uuid, 4, 0)) AS w (c, q, h)""",
        shop.channels["GD"], shop.channels["SHOP"], shop.variants["DRAW"],
    )  # fmt: skip
    seller, above = shop.agent(), shop.agent("GD")
    asked = [(n, seller) for n in (1, 2)] + [(5, above), (2, seller), (1, above), (1, seller), (1, seller)]
    orders = [(place("DRAW", n), who) for n, who in asked]
    outcomes = await together(shop, shop.perform, orders, "SELECT 1 FROM sales_quota FOR UPDATE")
    got = [isinstance(one, OrderView) for one in outcomes]
    assert got == [True, True, True, False, False, True, False]
    rows = await shop.rows("SELECT quantity, used, own_used FROM sales_quota ORDER BY quantity")
    assert [tuple(row) for row in rows] == [(4, 4, 4), (9, 9, 5)]


async def test_who_gives_up_while_waiting_has_bought_nothing(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    async with held_up(shop, GATE):
        tasks = [asyncio.ensure_future(perform(place(), agent)) for _ in range(4)]
        await asyncio.sleep(0.1)
        tasks[2].cancel()
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert kinds(outcomes) == {"OrderView": 3, "CancelledError": 1}
    assert await shop.states("TXV") == {"RESERVED": 3, "IN_STOCK": 7}


async def test_whoever_waits_goes_on_when_the_first_gives_up(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    async with held_up(shop, GATE):
        tasks = [asyncio.ensure_future(perform(place(), agent)) for _ in range(4)]
        await asyncio.sleep(0.1)
        tasks[0].cancel()
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert kinds(outcomes) == {"OrderView": 3, "CancelledError": 1}
    assert await transactions(shop) == [3]
    assert await shop.states("TXV") == {"RESERVED": 3, "IN_STOCK": 7}
