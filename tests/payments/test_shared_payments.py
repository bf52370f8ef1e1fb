"""Payments that come together share a transaction; one that is refused or broken is alone with that."""

from __future__ import annotations

from domain.access.callers import Caller
from domain.commands import Command
from domain.orders.refusals import OrderNotPayable
from domain.orders.status import OrderStatus
from domain.payments.refusals import PaymentMethodNotAllowed
from domain.payments.views import PaymentView
from domain.refusals import NotFound
from persistence.cards.stock import CardsMissing
from persistence.perform import SPOILED
from tests.orders.crowd import ORDERS, pay, place, together, transactions
from tests.orders.shop import Shop, line


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
