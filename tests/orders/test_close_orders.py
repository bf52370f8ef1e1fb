"""Orders that end unpaid give everything back, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.access.callers import Caller
from domain.orders.closing import CancelOrder
from domain.orders.refusals import OrderNotCancellable, OrderNotPayable
from domain.orders.status import OrderStatus
from domain.orders.views import OrderView
from domain.payments.views import PaymentView
from domain.refusals import NotFound
from tests.orders.shop import Shop, line

AN_HOUR = timedelta(hours=1)


async def cancel(shop: Shop, order: OrderView, caller: Caller, key: str = "") -> OrderView:
    cancelled: OrderView = await shop.perform(CancelOrder(key or uuid4().hex, order.id), caller)
    return cancelled


async def test_an_order_that_is_not_paid_in_time_expires_and_its_goods_return(shop: Shop) -> None:
    late = await shop.place(shop.storefront(), line("TXV", 2), line("GIFT"))
    kept = await shop.place(shop.storefront(), line("TXV"))
    await shop.age(late, AN_HOUR)
    assert await shop.expire() == 1
    order = await shop.order(late)
    assert (order.status, order.due.minor) == (OrderStatus.EXPIRED, 0)
    assert order.closed_at
    assert (await shop.order(kept)).status is OrderStatus.AWAITING_PAYMENT
    assert (await shop.stock("TXV"), await shop.stock("IQY"), await shop.stock("FIGURE")) == (9, 10, 5)
    assert await shop.expire() == 0
    assert await shop.value("SELECT count(*) FROM fulfilment WHERE status = 'CANCELLED'") == 3
    payloads = [row["payload"] for row in await shop.rows(
        "SELECT payload FROM outbox WHERE aggregate_id = $1 ORDER BY id", late.id)]  # fmt: skip
    assert [(one["from"], one["to"]) for one in payloads] == [
        (None, "AWAITING_PAYMENT"), ("AWAITING_PAYMENT", "EXPIRED")
    ]  # fmt: skip


async def test_an_expired_order_is_not_paid_though_nobody_has_closed_it_yet(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV"))
    await shop.age(order, AN_HOUR)
    before = await shop.everything()
    with pytest.raises(OrderNotPayable) as refused:
        await shop.pay(shop.storefront(), order)
    assert refused.value.order_status == "EXPIRED"
    assert await shop.everything() == before


async def test_paying_and_expiring_at_the_same_moment_has_one_winner(shop: Shop) -> None:
    orders = [await shop.place(shop.storefront(), line("TXV")) for _ in range(8)]
    # Paying judges by the clock of its own transaction, so half of the orders end meanwhile.
    for order in orders[::2]:
        await shop.age(order, AN_HOUR)
    pays = [shop.pay(shop.storefront(), order) for order in orders]
    answers = await asyncio.gather(*pays, *(shop.expire(2) for _ in range(6)), return_exceptions=True)
    paid = [one.order_id for one in answers if isinstance(one, PaymentView)]
    while await shop.expire():
        pass
    statuses = {order.id: (await shop.order(order)).status for order in orders}
    assert {one for one, status in statuses.items() if status is OrderStatus.FULFILLED} == set(paid)
    assert sum(status is OrderStatus.EXPIRED for status in statuses.values()) == 8 - len(paid) == 4
    assert await shop.states("TXV") == {"IN_STOCK": 10 - len(paid), "DELIVERED": len(paid)}
    assert await shop.stock("TXV") == 10 - len(paid)


async def test_a_payment_holds_the_expiry_off_until_it_has_ended(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV"))
    async with shop.database.transaction() as connection:
        await connection.execute("SELECT 1 FROM orders WHERE id = $1 FOR NO KEY UPDATE", order.id)
        await connection.execute("UPDATE orders SET expires_at = now() WHERE id = $1", order.id)
        assert await shop.expire() == 0
    assert await shop.expire() == 1


async def test_its_buyer_and_its_sellers_may_cancel_an_unpaid_order(shop: Shop) -> None:
    customer = await shop.customer()
    for caller in (customer, shop.agent(), shop.agent("GD"), shop.api("orders:place")):
        order = await shop.place(customer, line("TXV"))
        assert (await cancel(shop, order, caller)).status is OrderStatus.CANCELLED
    assert await shop.stock("TXV") == 10
    order = await shop.place(shop.storefront(), line("TXV"))
    assert (await cancel(shop, order, shop.storefront(), "c")).status is OrderStatus.CANCELLED
    assert (await cancel(shop, order, shop.storefront(), "c")).status is OrderStatus.CANCELLED


async def test_others_do_not_see_the_order_that_they_would_cancel(shop: Shop) -> None:
    order = await shop.place(await shop.customer(), line("TXV"))
    before = await shop.everything()
    for caller in (await shop.customer(), shop.agent("ZJ"), shop.storefront(), shop.storefront("ZJ")):
        with pytest.raises(NotFound):
            await cancel(shop, order, caller)
    assert await shop.everything() == before


async def test_a_paid_order_is_not_cancelled(shop: Shop) -> None:
    order = await shop.bought(shop.storefront(), line("TXV"))
    before = await shop.everything()
    with pytest.raises(OrderNotCancellable) as refused:
        await cancel(shop, order, shop.agent())
    assert refused.value.order_status == "FULFILLED"
    assert await shop.everything() == before
