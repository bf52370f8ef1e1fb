"""Buying together: seats, success, failure, late payments, and many who want the last seat."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.access.callers import SYSTEM, Caller
from domain.money import Money
from domain.orders.basket import WantedLine
from domain.orders.closing import CancelOrder
from domain.orders.groups import FailGroup, FulfilGroup, PaySeatBack
from domain.orders.quote import AskQuote
from domain.orders.refusals import OrderNotPayable
from domain.orders.views import OrderView
from domain.payments.pay import PayOrder
from domain.promotions.groups import GroupOver, GroupPriceNotGiven, SeatTaken
from domain.promotions.views import PromotionView
from persistence.jobs import TIMERS
from tests.orders.crowd import kinds, together
from tests.orders.shop import Shop, line, top_up
from tests.promotions.campaigns import create, order_of

GROUPS = "SELECT 1 FROM buying_group FOR UPDATE"


async def offer(shop: Shop, seats: int = 2, **prices: int) -> PromotionView:
    return await create(shop, "GROUP_BUY", "HQ", prices=prices or {"DRAW": 700}, seats=seats, open_minutes=60)


async def opened(shop: Shop, made: PromotionView, buyer: Caller, sku: str = "DRAW") -> OrderView:
    order: OrderView = await shop.perform(order_of(_line(sku), group_of=made.id), buyer)
    return order


async def joined(shop: Shop, order: OrderView, buyer: Caller, sku: str = "DRAW") -> OrderView:
    found: OrderView = await shop.perform(order_of(_line(sku), group_id=order.group_id), buyer)
    return found


def _line(sku: str) -> WantedLine:
    return top_up() if sku == "CMCC" else line(sku)


async def group(shop: Shop) -> tuple[str, int, int]:
    (row,) = await shop.rows("SELECT state, taken, paid FROM buying_group")
    return row["state"], row["taken"], row["paid"]


async def seats(shop: Shop) -> list[str]:
    return [row["state"] for row in await shop.rows("SELECT state FROM group_seat ORDER BY id")]


async def test_goods_are_on_their_way_once_all_have_paid(shop: Shop) -> None:
    made = await offer(shop, 3, TXV=2_000)
    buyers = [await shop.customer() for _ in range(4)]
    first = await opened(shop, made, buyers[0], "TXV")
    assert (first.total, await group(shop)) == (Money(2_000), ("OPEN", 1, 0))
    with pytest.raises(SeatTaken):
        await joined(shop, first, buyers[0], "TXV")
    with pytest.raises(GroupPriceNotGiven):
        await joined(shop, first, buyers[1], "DRAW")
    with pytest.raises(GroupPriceNotGiven):
        await shop.perform(order_of(line("TXV"), group_of=made.id), shop.storefront())
    others = [await joined(shop, first, buyer, "TXV") for buyer in buyers[1:3]]
    with pytest.raises(GroupOver):
        await joined(shop, first, buyers[3], "TXV")
    for order, buyer in ((first, buyers[0]), (others[0], buyers[1])):
        payment = await shop.pay(buyer, order)
        assert payment.order is not None
        assert payment.order.status.value == "PAID"
    assert (await group(shop), await shop.states("TXV")) == (("OPEN", 3, 2), {"RESERVED": 3, "IN_STOCK": 7})
    await shop.pay(buyers[2], others[1])
    assert (await group(shop), await seats(shop)) == (("SUCCEEDED", 3, 3), ["PAID"] * 3)
    await shop.work_off()
    assert await seats(shop) == ["CONFIRMED"] * 3
    assert await shop.states("TXV") == {"DELIVERED": 3, "IN_STOCK": 7}
    assert {(await shop.order(one)).status.value for one in (first, *others)} == {"FULFILLED"}
    assert await shop.perform(FulfilGroup(first.group_id), SYSTEM) == 0  # type: ignore[arg-type]


async def test_who_gives_up_leaves_a_seat_for_another(shop: Shop) -> None:
    made, buyers = await offer(shop), [await shop.customer() for _ in range(3)]
    first = await opened(shop, made, buyers[0])
    second = await joined(shop, first, buyers[1])
    await shop.perform(CancelOrder("c", second.id), buyers[1])
    assert (await group(shop), await seats(shop)) == (("OPEN", 1, 0), ["RESERVED", "RELEASED"])
    again = await joined(shop, first, buyers[1])
    assert (await shop.pay(buyers[1], again)).amount == Money(700)
    assert await group(shop) == ("OPEN", 2, 1)


@pytest.mark.parametrize("sku", ["TXV", "DRAW", "FIGURE", "CMCC"])
async def test_a_group_that_fails_pays_every_seat_back_once(shop: Shop, sku: str) -> None:
    made, buyers = await offer(shop, 3, **{sku: 600}), [await shop.customer() for _ in range(2)]
    paid = await opened(shop, made, buyers[0], sku)
    unpaid = await joined(shop, paid, buyers[1], sku)
    await shop.pay(buyers[0], paid)
    assert await shop.perform(FailGroup(paid.group_id), SYSTEM) is False  # type: ignore[arg-type]
    await shop.run("UPDATE buying_group SET expires_at = now()")
    with pytest.raises(GroupOver):
        await shop.pay(buyers[1], unpaid)
    _, expire = TIMERS["groups.expire"]
    await asyncio.gather(expire({}, shop.desk), expire({}, shop.desk))
    assert (await group(shop), await seats(shop)) == (("FAILED", 1, 1), ["PAID", "RELEASED"])
    assert (await shop.order(unpaid)).status.value == "CANCELLED"
    with pytest.raises(OrderNotPayable):
        await shop.pay(buyers[1], unpaid)
    await shop.work_off()
    again = [shop.perform(PaySeatBack(paid.id), SYSTEM) for _ in range(3)]
    assert await asyncio.gather(*again) == [False] * 3
    assert await seats(shop) == ["REFUNDED", "RELEASED"]
    (refund,) = await shop.rows("SELECT amount_minor, status FROM refund")
    assert (refund["amount_minor"], refund["status"]) == (600, "SUCCEEDED")
    assert (await shop.order(paid)).refund_status.value == "REFUNDED"
    if sku in ("TXV", "FIGURE"):
        assert await shop.stock(sku) == {"TXV": 10, "FIGURE": 5}[sku]


async def test_a_promise_holds_for_a_group_that_has_a_seat(shop: Shop) -> None:
    made, buyers = await offer(shop), [await shop.customer() for _ in range(2)]
    quote = await shop.perform(AskQuote((line("DRAW"),), group_of=made.id), buyers[0])
    assert quote.total == Money(700)
    with pytest.raises(GroupPriceNotGiven):
        await shop.perform(order_of(line("DRAW"), quote_token=quote.token), buyers[0])
    said: dict[str, Any] = {"quote_token": quote.token, "group_of": made.id}
    first = await shop.perform(order_of(line("DRAW"), **said), buyers[0])
    assert (first.total, await group(shop)) == (Money(700), ("OPEN", 1, 0))


async def test_thirty_want_the_last_seats(shop: Shop) -> None:
    made = await offer(shop, 4)
    buyers = [await shop.customer() for _ in range(30)]
    first = await opened(shop, made, buyers[0])
    asked = [(order_of(line("DRAW"), group_id=first.group_id), buyer) for buyer in buyers[1:]]
    asked += [(order_of(line("DRAW"), group_id=first.group_id), buyers[1])]
    alone = shop.with_settings(order_batch=1).perform
    performers = [shop.perform, alone]
    found = await asyncio.gather(
        *(performers[n % 2](*one) for n, one in enumerate(asked)), return_exceptions=True
    )
    assert kinds(found)["OrderView"] == 3
    assert set(kinds(found)) <= {"OrderView", "GroupOver", "SeatTaken"}
    assert (await group(shop), await seats(shop)) == (("OPEN", 4, 0), ["RESERVED"] * 4)
    won = [first, *(one for one in found if isinstance(one, OrderView))]
    owners = {buyer.subject_id: buyer for buyer in buyers}
    payments = [(PayOrder(uuid4().hex, one.id, "SANDBOX"), owners[one.customer_id]) for one in won * 2]
    outcomes = await together(shop, shop.perform, payments, GROUPS)
    assert kinds(outcomes) == {"PaymentView": 4, "OrderNotPayable": 4}
    assert await group(shop) == ("SUCCEEDED", 4, 4)
    assert timedelta(minutes=59) < await shop.value("SELECT expires_at - now() FROM buying_group")
