"""Orders that come together share a transaction: each has an outcome, and nobody pays for a neighbour."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from domain.access.callers import Caller
from domain.cards.refusals import StockExhausted
from domain.commands import Command
from domain.orders.place import PlaceOrder
from domain.orders.refusals import ExternalIdTaken, OrderNotPayable
from domain.orders.status import OrderStatus
from domain.orders.views import ContactView, OrderView
from domain.payments.pay import PayOrder
from domain.payments.refusals import PaymentMethodNotAllowed
from domain.payments.views import PaymentView
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput, NotFound
from persistence.cards.stock import CardsMissing
from persistence.perform import SPOILED
from tests.orders.shop import Shop, line

Perform = Callable[[Command, Caller], Awaitable[Any]]
GATE = "SELECT 1 FROM stock_level FOR UPDATE"
ORDERS = "SELECT 1 FROM orders FOR UPDATE"


def place(sku: str = "TXV", quantity: int = 1, **said: Any) -> PlaceOrder:
    return PlaceOrder(said.pop("key", None) or uuid4().hex, (line(sku, quantity),), **said)


def pay(order: OrderView, method: str = "SHOP_COLLECTED") -> PayOrder:
    return PayOrder(uuid4().hex, order.id, method)


@asynccontextmanager
async def held_up(shop: Shop, lock: str) -> AsyncIterator[None]:
    """Nobody passes these rows within the block: whoever came first waits there, the others behind it."""
    async with shop.database.transaction() as connection:
        await connection.execute(lock)
        yield


async def together(
    shop: Shop, perform: Perform, asked: Sequence[tuple[Command, Caller]], lock: str = GATE
) -> list[Any]:
    """Ask all of it while the first is held up: it has a transaction, and what follows waits for the next.

    The outcomes in the order of asking, exceptions among them.
    """
    async with held_up(shop, lock):
        tasks = [asyncio.ensure_future(perform(*asked[0]))]
        while not await shop.value("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            await asyncio.sleep(0.01)
        for one in asked[1:]:
            tasks.append(asyncio.ensure_future(perform(*one)))
            await asyncio.sleep(0)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def transactions(shop: Shop, table: str = "orders") -> list[int]:
    """How many rows of a table each transaction has left, the oldest first."""
    rows = await shop.rows(f"SELECT count(*) AS n FROM {table} GROUP BY xmin ORDER BY min(id::text)")
    return [row["n"] for row in rows]


def kinds(outcomes: Sequence[Any]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


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


async def test_every_kind_of_goods_is_paid_for_together(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    phone = {"phone": "13800138000"}
    lines = [line("TXV"), line("FIGURE", 2), line("CMCC", 1, phone), line("DRAW", 3), line("PACK", 1, phone)]
    orders = [await shop.place(agent, one) for one in lines]
    payments = await together(shop, perform, [(pay(order), agent) for order in orders], ORDERS)
    assert [payment.order.status.value for payment in payments] == [
        "FULFILLED", "PAID", "FULFILLING", "FULFILLED", "FULFILLING"
    ]  # fmt: skip
    assert await transactions(shop, "payment") == [1, 4]
    assert await shop.value("SELECT count(*) FROM shipment") == 1
    assert await shop.value("SELECT units FROM entitlement") == 300
    assert await shop.value("SELECT count(*) FROM attempt") == 2
    assert await shop.value("SELECT count(*) FROM pgqueuer") == 2


async def test_a_refused_payment_leaves_the_others_paid(shop: Shop) -> None:
    perform, agent = shop.perform, shop.agent()
    orders = [await perform(place(), agent) for _ in range(5)]
    await shop.run("UPDATE orders SET expires_at = now() WHERE id = $1", orders[3].id)
    asked: list[tuple[Command, Caller]] = [
        (pay(orders[0]), agent),
        (pay(orders[1]), agent),
        (pay(orders[2]), shop.agent("GD")),
        (pay(orders[3]), agent),
        (pay(orders[4]), shop.agent("ZJ")),
        (pay(orders[2]), agent),
        (pay(orders[1]), agent),
    ]
    outcomes = await together(shop, perform, asked, ORDERS)
    assert [type(one) for one in outcomes] == [
        PaymentView, PaymentView, PaymentMethodNotAllowed, OrderNotPayable, NotFound, PaymentView,
        OrderNotPayable,
    ]  # fmt: skip
    assert await shop.value("SELECT count(*) FROM payment") == 3
    assert await shop.states("TXV") == {"DELIVERED": 3, "RESERVED": 2, "IN_STOCK": 5}


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


async def test_only_the_guilty_one_fails(shop: Shop) -> None:
    """A paid part without its cards is a fault, found when all are delivered at once."""
    perform, agent = shop.perform, shop.agent()
    orders = [await perform(place(), agent) for _ in range(5)]
    await shop.run(
        "UPDATE card SET state = 'IN_STOCK', fulfilment_id = NULL WHERE order_id = $1", orders[2].id
    )
    spoiled = SPOILED._value.get()
    outcomes = await together(shop, perform, [(pay(order), agent) for order in orders], ORDERS)
    assert [type(one) for one in outcomes] == [
        PaymentView, PaymentView, CardsMissing, PaymentView, PaymentView
    ]  # fmt: skip
    assert SPOILED._value.get() == spoiled + 1
    assert await transactions(shop, "payment") == [1, 1, 1, 1]
    assert (await shop.order(orders[2])).status is OrderStatus.AWAITING_PAYMENT
    assert await shop.states("TXV") == {"DELIVERED": 4, "IN_STOCK": 6}


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
