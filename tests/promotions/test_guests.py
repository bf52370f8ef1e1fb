"""Guests and what is limited for each customer: who is the same, whatever is changed between two orders."""

from dataclasses import replace

import pytest

from domain.money import Money
from domain.orders.adopting import adopt_guest_orders
from domain.orders.closing import CancelOrder
from domain.orders.views import ContactView, OrderView
from domain.promotions.refusals import PromotionUsedUp
from persistence.work import Work
from tests.orders.shop import Shop, line
from tests.promotions.campaigns import create, limited, order_of, quoted, used

DRAWS = (line("DRAW", 2),)


async def test_a_guest_is_known_by_phone_and_by_device(shop: Shop) -> None:
    await create(shop, "THRESHOLD", reaches_minor=1_500, off_minor=100, limits=limited(per_customer=1))
    await create(shop, "FLASH_SALE", prices={"DRAW": 600}, stock=9, per_buyer=1)
    phones = {"a": ContactView(phone="13800138000"), "b": ContactView(phone="13900139000")}
    promise = await quoted(shop, shop.storefront(), lines=DRAWS)
    assert promise.discount == Money(500)

    async def taken(phone: str | None, device: str | None) -> int:
        """What an order by a guest takes off, promised or not: 0 where the promise is refused."""
        who = {"contact": phones.get(phone or ""), "device_id": device}
        plain = await shop.perform(order_of(*DRAWS, **who), shop.storefront())
        await shop.perform(CancelOrder("c", plain.id), shop.agent())
        try:
            order: OrderView = await shop.perform(
                order_of(*DRAWS, quote_token=promise.token, **who), shop.storefront()
            )
        except PromotionUsedUp:
            assert plain.discount == Money(0)
            return 0
        assert order.discount == plain.discount
        return order.discount.minor

    assert await taken("a", "phone of a") == 500
    assert await used(shop) == {"buyer": 2, "stock": 1, "pieces": 2}
    assert (await taken("a", "another"), await taken("b", "phone of a")) == (0, 0)
    assert (await taken("a", None), await taken(None, "phone of a")) == (0, 0)
    known = replace(shop.storefront(), device_id="phone of a")
    assert (await quoted(shop, known, lines=DRAWS)).discount == Money(0)
    assert (await taken("b", "another"), await taken(None, None), await taken(None, None)) == (500, 500, 0)
    assert await used(shop) == {"buyer": 5, "stock": 3, "pieces": 5}
    # A customer is who signed in, on whatever device.
    order = order_of(*DRAWS, contact=phones["a"], device_id="phone of a")
    assert (await shop.perform(order, await shop.customer())).discount == Money(500)


async def test_who_signs_in_takes_the_turns_of_the_guest_along(shop: Shop) -> None:
    await create(shop, "THRESHOLD", reaches_minor=1_500, off_minor=100, limits=limited(per_customer=1))
    await create(shop, "FLASH_SALE", prices={"DRAW": 600}, stock=9, per_buyer=1)
    bought = await shop.perform(order_of(*DRAWS), shop.storefront())
    customer = await shop.customer()
    assert customer.customer_id is not None
    promise = await quoted(shop, customer, lines=DRAWS)
    assert promise.discount == Money(500)
    async with shop.database.transaction() as connection:
        work = Work(connection, shop.tools, "sign in")
        phone = work.credentials.phone_hmac("+86 138-0013-8000")
        assert phone is not None
        assert await adopt_guest_orders(customer.customer_id, shop.channels["SHOP"], phone, work) == 1
    assert await used(shop) == {"buyer": 2, "stock": 1, "pieces": 2}
    with pytest.raises(PromotionUsedUp):
        await shop.perform(order_of(*DRAWS, quote_token=promise.token), customer)
    assert (await quoted(shop, customer, lines=DRAWS)).discount == Money(0)
    await shop.perform(CancelOrder("c", bought.id), customer)
    assert await used(shop) == {"buyer": 0, "stock": 0, "pieces": 0}
    assert (await quoted(shop, customer, lines=DRAWS)).discount == Money(500)
