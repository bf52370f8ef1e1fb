"""Paying: once, by those who may, and together with the delivery of what is in stock."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from domain.access.callers import ANONYMOUS, Caller
from domain.access.permissions import Role
from domain.money import Money
from domain.orders.refusals import OrderNotPayable
from domain.orders.status import OrderStatus
from domain.orders.views import OrderView
from domain.payments.methods import payment_methods
from domain.payments.pay import PayOrder
from domain.payments.refusals import PaymentMethodNotAllowed, PaymentMethodUnavailable
from domain.payments.views import PaymentStatus, PaymentView
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput, NotFound, Unauthenticated
from persistence.cards.stock import CardsMissing
from tests.orders import goods
from tests.orders.shop import Shop, line


async def refused(
    shop: Shop, caller: Caller, order: OrderView, method: str, problem: type[Exception]
) -> Exception:
    """Try to pay, and see that the refusal has changed nothing."""
    before = await shop.everything()
    with pytest.raises(problem) as found:
        await shop.pay(caller, order, method)
    assert await shop.everything() == before
    return found.value


async def test_paying_captures_and_delivers_in_one_step(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV", 2))
    payment = await shop.pay(shop.agent(), order, "SHOP_COLLECTED")
    assert (payment.status, payment.method, payment.amount) == (
        PaymentStatus.CAPTURED, "SHOP_COLLECTED", Money(5000)
    )  # fmt: skip
    assert payment.next_action is None
    assert payment.order is not None
    assert (payment.order.status, payment.order.due) == (OrderStatus.FULFILLED, Money(0))
    assert await shop.states("TXV") == {"IN_STOCK": 8, "DELIVERED": 2}


async def test_the_shop_itself_says_that_it_collected_and_nobody_else(shop: Shop) -> None:
    order = await shop.place(customer := await shop.customer(), line("TXV"))
    for caller in (customer, shop.agent("GD"), shop.agent("HQ"), shop.api("orders:pay", channel="GD")):
        problem = await refused(shop, caller, order, "SHOP_COLLECTED", PaymentMethodNotAllowed)
        assert isinstance(problem, PaymentMethodNotAllowed)
        assert problem.field == ["method"]
    guest = await shop.place(shop.storefront(), line("TXV"))
    await refused(shop, shop.storefront(), guest, "SHOP_COLLECTED", PaymentMethodNotAllowed)
    await shop.pay(shop.api("orders:pay"), order, "SHOP_COLLECTED")


async def test_a_back_office_needs_the_right_to_take_payments(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV"))
    for caller in (shop.agent("SHOP", Role.SUPPORT), shop.api("orders:place")):
        await refused(shop, caller, order, "SHOP_COLLECTED", Forbidden)
    await refused(shop, ANONYMOUS, order, "SANDBOX", Unauthenticated)


async def test_what_is_out_of_scope_was_never_placed(shop: Shop) -> None:
    order = await shop.place(await shop.customer(), line("TXV"))
    for caller in (await shop.customer(), shop.storefront(), shop.storefront("ZJ"), shop.agent("ZJ")):
        await refused(shop, caller, order, "SANDBOX", NotFound)
    with pytest.raises(NotFound):
        await shop.perform(PayOrder("k", uuid4(), "SANDBOX"), shop.agent("HQ"))


async def test_play_money_exists_only_where_it_is_allowed(shop: Shop) -> None:
    real = shop.with_settings(sandbox_payments=False)
    order = await shop.place(shop.storefront(), line("TXV"))
    await refused(real, shop.storefront(), order, "SANDBOX", PaymentMethodUnavailable)
    await shop.pay(shop.storefront(), order, "SANDBOX")


@pytest.mark.parametrize("method", ["WECHAT_PAY", "ALIPAY", "POINTS"])
async def test_methods_without_a_provider_say_so(shop: Shop, method: str) -> None:
    order = await shop.place(shop.storefront(), line("TXV"))
    await refused(shop, shop.storefront(), order, method, PaymentMethodUnavailable)


async def test_a_method_that_does_not_exist_is_refused(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV"))
    await refused(shop, shop.storefront(), order, "SHELLS", InvalidInput)


async def test_two_keys_at_once_make_one_payment(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV"))
    answers = await asyncio.gather(
        *(shop.pay(shop.agent(), order) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(answer, PaymentView) for answer in answers) == 1
    assert {one.order_status for one in answers if isinstance(one, OrderNotPayable)} == {"FULFILLED"}
    assert await shop.value("SELECT count(*) FROM payment") == 1
    assert await shop.states("TXV") == {"IN_STOCK": 9, "DELIVERED": 1}


async def test_a_repeated_key_pays_once_and_answers_the_same(shop: Shop) -> None:
    order, guest = await shop.place(shop.storefront(), line("TXV")), shop.storefront()
    answers = await asyncio.gather(*(shop.pay(guest, order, key="k") for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert await shop.value("SELECT count(*) FROM payment") == 1
    with pytest.raises(IdempotencyConflict):
        await shop.pay(guest, order, "ALIPAY", key="k")


async def test_a_paid_order_is_not_paid_again(shop: Shop) -> None:
    order = await shop.bought(shop.storefront(), line("FIGURE"))
    problem = await refused(shop, shop.storefront(), order, "SANDBOX", OrderNotPayable)
    assert isinstance(problem, OrderNotPayable)
    assert problem.order_status == "PAID"


async def test_a_payment_that_cannot_deliver_what_it_reserved_captures_nothing(shop: Shop) -> None:
    order = await shop.place(shop.storefront(), line("TXV"))
    await shop.run("UPDATE card SET state = 'IN_STOCK', fulfilment_id = NULL WHERE order_id = $1", order.id)
    before = await shop.everything()
    with pytest.raises(CardsMissing):
        await shop.pay(shop.storefront(), order)
    assert await shop.everything() == before


async def test_the_answer_that_is_kept_holds_no_secret_and_no_contact(shop: Shop) -> None:
    await goods.refresh(shop)
    await shop.bought(shop.storefront(), line("TXV"))
    kept = await shop.value("SELECT string_agg(result::text, ' ') FROM idempotency")
    assert "13800138000" not in kept
    assert "****" not in kept


def test_every_file_is_a_method_with_a_description() -> None:
    assert set(payment_methods()) == {"SHOP_COLLECTED", "SANDBOX", "WECHAT_PAY", "ALIPAY", "POINTS"}
    assert all(type(method).__doc__ for method in payment_methods().values())
