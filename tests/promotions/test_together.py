"""Coupons, budgets and flash sales while everybody asks at once: never more than there is."""

import asyncio
from collections import Counter
from typing import Any

from domain.money import Money
from domain.orders.closing import CancelOrder
from domain.orders.refusals import CouponNotApplicable
from domain.orders.views import OrderView
from domain.promotions.answer_funding import StopPromotion
from domain.promotions.scoping import WantedScope
from tests.orders import goods
from tests.orders.crowd import kinds, together
from tests.orders.shop import Shop, line
from tests.promotions.campaigns import codes_of, create, limited, order_of, quoted, used
from tests.promotions.overhearing import overheard

USES = "SELECT 1 FROM promotion_use FOR UPDATE"
COUPONS = "SELECT 1 FROM coupon FOR UPDATE"
WORDS = ("promotion", "coupon", "segments", "customer_id = w.id")


async def everywhere(shop: Shop, commands: list[tuple[Any, Any]]) -> list[Any]:
    """Ask four processes' worth of performers, half of which share no transactions, all at once."""
    alone = shop.with_settings(order_batch=1)
    performers = [shop.perform, alone.perform, shop.perform, alone.perform]
    asked = [performers[n % 4](*one) for n, one in enumerate(commands)]
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_sixty_four_orders_with_one_code(shop: Shop) -> None:
    made = await create(shop, "COUPON", off_minor=500)
    (code,) = await codes_of(shop, made)
    buyers = [await shop.customer() for _ in range(8)]
    # Different goods queue in different lanes: it is the coupon's row where they meet.
    skus = ("DRAW", "CMCC", "FIGURE")
    account = {"CMCC": {"phone": "13800138000"}}

    def order(n: int) -> Any:
        sku = skus[n % 3]
        return order_of(line(sku, 1, account.get(sku)), coupon_codes=(code,)), buyers[n % 8]

    found = await everywhere(shop, [order(n) for n in range(64)])
    assert kinds(found) == {"OrderView": 1, "CouponNotApplicable": 63}
    assert await shop.value("SELECT count(*) FROM orders") == 1
    assert await shop.value("SELECT used FROM coupon") == 1

    (won,) = [n for n, one in enumerate(found) if isinstance(one, OrderView)]
    await shop.perform(CancelOrder("c", found[won].id), buyers[won % 8])
    assert await shop.value("SELECT used FROM coupon") == 0
    # The same within one shared transaction, where each of them was told that the coupon is free.
    quote = await quoted(shop, buyers[0], code, lines=(line("DRAW"),))
    same = [(order_of(line("DRAW"), quote_token=quote.token), buyers[0]) for _ in range(64)]
    found = await together(shop, shop.perform, same, COUPONS)
    assert [type(one) for one in found] == [OrderView] + [CouponNotApplicable] * 63


async def test_a_budget_of_a_hundred_with_two_hundred_takers(shop: Shop) -> None:
    await create(shop, "THRESHOLD", reaches_minor=1_000, off_minor=1, limits=limited(budget_minor=100))
    buyer = await shop.customer()
    quote = await quoted(shop, buyer, lines=(line("DRAW"),))
    takers = [(order_of(line("DRAW"), quote_token=quote.token), buyer) for _ in range(200)]
    found = await everywhere(shop, takers)
    assert kinds(found) == {"OrderView": 100, "PromotionUsedUp": 100}
    assert (await used(shop))["budget"] == 100
    assert await shop.value("SELECT sum(discount_minor) FROM orders") == 100
    assert await shop.value("SELECT count(*) FROM orders") == 100


async def test_who_leaves_makes_room_for_who_came_behind(shop: Shop) -> None:
    """Of the one figure that is left the second buyer wants two; it takes no turn with it."""
    await create(shop, "THRESHOLD", limits=limited(orders=2), reaches_minor=100, off_minor=1)
    await goods.set_count(shop, "FIGURE", 2)
    quotes = {n: await quoted(shop, shop.storefront(), lines=(line("FIGURE", n),)) for n in (1, 2)}
    first = order_of(line("FIGURE"), quote_token=quotes[1].token)
    asked = [(first, shop.storefront())]
    asked += [
        (order_of(line("FIGURE", count), quote_token=quotes[count].token), shop.storefront())
        for count in (2, 1, 1)
    ]
    found = await together(shop, shop.perform, asked)
    assert [type(one).__name__ for one in found] == [
        "OrderView", "StockExhausted", "OrderView", "PromotionUsedUp",
    ]  # fmt: skip
    assert await used(shop) == {"orders": 2}


async def test_a_flash_sale_sells_its_slices_and_no_more(shop: Shop) -> None:
    await shop.run("UPDATE channel SET code = lower(code)")
    await goods.refresh(shop)
    await create(
        shop, "FLASH_SALE", "HQ", prices={"DRAW": 600}, stock=10, per_buyer=2, slices={"shop": 6, "zj": 1}
    )
    buyers = [await shop.customer() for _ in range(6)]
    quotes = [await quoted(shop, buyer, lines=(line("DRAW", 2),)) for buyer in buyers]
    assert {quote.total for quote in quotes} == {Money(1_200)}
    asked = [(order_of(line("DRAW", 2), quote_token=quotes[n % 6].token), buyers[n % 6]) for n in range(24)]
    found = await everywhere(shop, asked)
    assert kinds(found) == {"OrderView": 3, "PromotionUsedUp": 21}
    won = Counter(one.customer_id for one in found if isinstance(one, OrderView))
    assert set(won.values()) == {1}
    assert await used(shop) == {"stock": 6, "pieces": 6}
    # What no slice reserves is for the others: two of the three that are left over.
    other = await shop.customer("GD")
    quote = await quoted(shop, other, lines=(line("DRAW", 3),))
    assert (quote.total, quote.discount) == (Money(2_200), Money(800))
    assert (
        await shop.perform(order_of(line("DRAW", 3), quote_token=quote.token), other)
    ).total == quote.total
    assert (await quoted(shop, other, lines=(line("DRAW"),))).discount == Money(0)
    late = await shop.customer()
    assert (await quoted(shop, late, lines=(line("DRAW"),))).discount == Money(0)


async def test_however_many_share_a_transaction_promotions_are_asked_once(shop: Shop) -> None:
    """Of sixteen guests with a device each the last find the sale sold out, and nobody fails with them."""
    offer = {"prices": {"DRAW": 600}, "per_buyer": 1}
    await create(shop, "FLASH_SALE", stock=14, **offer)
    await create(shop, "THRESHOLD", reaches_minor=100, off_minor=1, scope=WantedScope(first_order=True))
    await create(shop, "MEMBER_PRICE", pays_bp=9_000, scope=WantedScope(segments=("VIP",)))
    coupon = await create(shop, "COUPON", off_minor=100)
    codes = await codes_of(shop, coupon, quantity=17)
    stopped = await create(shop, "THRESHOLD", reaches_minor=100, off_minor=7)
    buyers = [await shop.customer(), *[shop.storefront()] * 16]
    quote = await quoted(shop, buyers[1], lines=(line("DRAW"),))
    await shop.perform(StopPromotion(stopped.id), shop.agent("GD"))

    listening, said = overheard(shop)
    asked = [
        (order_of(line("DRAW"), coupon_codes=(codes[n],), contact=None, device_id=f"d{n}"), buyer)
        for n, buyer in enumerate(buyers)
    ]
    asked.append((order_of(line("DRAW"), quote_token=quote.token, device_id="d0"), shop.storefront()))
    found = await together(listening, listening.perform, asked, COUPONS)
    assert [type(one).__name__ for one in found] == ["OrderView"] * 14 + ["PromotionUsedUp"] * 4
    # Two transactions: who came first, and all the others. Each asks and writes once, for however many.
    times = Counter(one for one in said if any(word in one for word in WORDS))
    assert sorted(times.values()) == [1] * 5 + [2] * 6
    assert await used(shop) == {"first": 1, "stock": 14, "pieces": 14}
    assert await shop.value("SELECT sum(used) FROM coupon") == 14
