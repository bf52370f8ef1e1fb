"""From a promotion to what an order pays: agreed funding, quotes, orders, and giving back what is closed."""

from datetime import timedelta
from typing import Any

import pytest

from domain.money import Money
from domain.orders.closing import CancelOrder
from domain.orders.quote import AskQuote
from domain.orders.refusals import CouponNotApplicable
from domain.promotions.answer_funding import StopPromotion
from domain.promotions.applying import Outcome
from domain.promotions.coupon_batches import ClaimCoupon, ExportCoupons, MakeCoupons
from domain.promotions.promotion import Phase
from domain.promotions.refusals import (
    CouponNotClaimable,
    CouponsExported,
    CouponsGuessable,
    FundingIncomplete,
    PromotionElsewhere,
    PromotionNotChangeable,
    PromotionUsedUp,
)
from domain.promotions.scoping import WantedScope
from domain.promotions.segments import SetCustomerSegments
from domain.promotions.views import CouponStatus, PromotionStatus
from domain.refusals import InvalidInput, NotFound
from tests.orders import goods
from tests.orders.shop import Shop, line
from tests.promotions.campaigns import (
    THRESHOLD,
    accept,
    codes_of,
    create,
    limited,
    margins,
    order_of,
    quoted,
    used,
)


async def test_a_discount_that_two_have_agreed_to_pay(shop: Shop) -> None:
    """GD takes 10 off 100 and pays 60 % of it; headquarters has agreed to the rest."""
    buyer = shop.storefront()
    made = await create(shop, "THRESHOLD", funding=(("GD", 6_000), ("HQ", 4_000)), **THRESHOLD)
    assert made.status is PromotionStatus.AWAITING_FUNDING
    assert (await quoted(shop, buyer)).discount == Money(0)
    with pytest.raises(NotFound):
        await accept(shop, made, "ZJ")
    assert (await accept(shop, made, "HQ")).status is PromotionStatus.LIVE
    with pytest.raises(PromotionNotChangeable):
        await accept(shop, made, "HQ", accept=False)

    quote = await quoted(shop, buyer)
    assert (quote.subtotal, quote.discount, quote.total) == (Money(10_000), Money(1_000), Money(9_000))
    (adjustment,) = quote.adjustments
    assert (adjustment.name, adjustment.phase, adjustment.amount) == (
        "Threshold",
        Phase.THRESHOLD,
        Money(-1_000),
    )
    shares = {shop.channels["GD"]: Money(600), shop.channels["HQ"]: Money(400)}
    assert adjustment.funders == ()
    assert (await quoted(shop, shop.storefront("ZJ"))).discount == Money(0)

    order = await shop.perform(order_of(quote_token=quote.token), buyer)
    assert (order.subtotal, order.discount, order.total) == (Money(10_000), Money(1_000), Money(9_000))
    # 4 × (2500, T: 2250, 2000, cost 1750): 1000 each, less what each pays; together 9000 − 7000.
    assert await margins(shop, order) == {"SHOP": 1_000, "GD": 400, "HQ": 600}
    (bought,) = (await shop.reads.lines_of([order.id]))[order.id]
    (given,) = (await shop.reads.adjustments_of([bought.id]))[bought.id]
    assert (given.code, given.phase, given.amount) == ("THRESHOLD", Phase.THRESHOLD, Money(-1_000))
    assert {one.channel_id: one.amount for one in given.funders} == shares
    assert (bought.discount, bought.total) == (Money(1_000), Money(9_000))
    kept = await shop.value("SELECT discounts FROM order_line")
    assert [(one["minor"], dict(one["shares"])) for one in kept["given"]] == [
        (1_000, {str(funder): share.minor for funder, share in shares.items()})
    ]
    assert (await shop.pay(buyer, order)).amount == Money(9_000)


async def test_a_quote_explains_itself_to_the_channels_it_concerns(shop: Shop) -> None:
    made = await create(shop, "THRESHOLD", funding=(("GD", 6_000), ("HQ", 4_000)), **THRESHOLD)
    await accept(shop, made, "HQ")
    await shop.run("UPDATE channel SET code = lower(code)")
    seen = await shop.perform(AskQuote((line("TXV", 4),), (), "shop"), shop.agent("GD"))
    assert (seen.token, seen.total) == (None, Money(9_000))
    # GD sees itself and the shop; what headquarters earns and pays is not told.
    names = {own: code for code, own in shop.channels.items()}
    assert {names[one.channel_id]: one.amount.minor for one in seen.margins} == {"GD": 400, "SHOP": 1_000}
    assert {names[one.channel_id]: one.amount.minor for one in seen.adjustments[0].funders} == {"GD": 600}
    (step,) = seen.promotion_trace
    assert (step.name, step.outcome, step.amount) == ("Threshold", Outcome.APPLIED, Money(-1_000))
    steps = [(names[one.channel_id], one.kind, one.amount.minor) for one in seen.lines[0].price_trace]
    assert steps == [("GD", "PURCHASE", 2_000), ("SHOP", "PURCHASE", 2_250), ("SHOP", "RETAIL", 2_500)]
    with pytest.raises(NotFound):
        await shop.perform(AskQuote((line("TXV", 4),), (), "hq"), shop.agent("GD"))


async def test_what_is_for_a_sibling_is_not_in_the_trace(shop: Shop) -> None:
    await shop.run("UPDATE channel SET code = lower(code)")
    await create(shop, "THRESHOLD", "HQ", name="zj", scope=WantedScope(channels=("zj",)), **THRESHOLD)
    await create(shop, "THRESHOLD", "HQ", name="big", reaches_minor=99_999, off_minor=1)
    own, above = shop.agent("SHOP"), shop.agent("HQ")
    told = (await quoted(shop, own)).promotion_trace
    assert [(one.name, one.outcome) for one in told] == [("big", Outcome.CONDITION_UNMET)]
    seen = await shop.perform(AskQuote((line("TXV", 4),), (), "shop"), above)
    assert {one.name: one.outcome for one in seen.promotion_trace} == {
        "zj": Outcome.OUT_OF_SCOPE, "big": Outcome.CONDITION_UNMET,
    }  # fmt: skip


async def test_a_quote_holds_when_its_promotion_is_stopped(shop: Shop) -> None:
    buyer, made = shop.storefront(), await create(shop, "THRESHOLD", **THRESHOLD)
    quote = await quoted(shop, buyer)
    await goods.add_rule(shop, "GD", "FLOOR", "PERCENT", 9_900, action="BLOCK")
    with pytest.raises(NotFound):
        await shop.perform(StopPromotion(made.id), shop.agent("ZJ"))
    stopped = await shop.perform(StopPromotion(made.id), shop.agent("HQ"))
    assert stopped.status is PromotionStatus.STOPPED
    assert (await quoted(shop, buyer)).discount == Money(0)
    assert (await shop.perform(order_of(), buyer)).total == Money(10_000)
    # By other lines, of the same goods: what was promised for the SKU is spread again.
    assert (await shop.perform(order_of(quote_token=quote.token), buyer)).total == Money(9_000)


async def test_a_floor_above_leaves_less_to_give(shop: Shop) -> None:
    await goods.add_rule(shop, "HQ", "FLOOR", "PERCENT", 9_500, action="BLOCK")
    await create(shop, "THRESHOLD", **THRESHOLD)
    quote = await quoted(shop, shop.storefront())
    assert (quote.discount, quote.total) == (Money(500), Money(9_500))


async def test_limits_are_counted_by_orders_and_given_back(shop: Shop) -> None:
    buyer, other = await shop.customer(), await shop.customer()
    limits = limited(budget_minor=2_500, orders=9, per_customer=1, per_device=2)
    await create(shop, "THRESHOLD", limits=limits, **THRESHOLD)
    quote = await quoted(shop, buyer)
    first = await shop.perform(order_of(device_id="d", quote_token=quote.token), buyer)
    assert await used(shop) == {"budget": 1_000, "orders": 1, "buyer": 1, "device": 1}
    assert (await quoted(shop, buyer)).discount == Money(0)
    before = await shop.everything()
    with pytest.raises(PromotionUsedUp):
        await shop.perform(order_of(line("TXV", 4), quote_token=quote.token), buyer)
    assert await shop.everything() == before
    await shop.run("UPDATE orders SET expires_at = now()")
    await shop.expire()
    assert (await shop.order(first)).status.value == "EXPIRED"
    assert await used(shop) == {"budget": 0, "orders": 0, "buyer": 0, "device": 0}
    again = await shop.perform(order_of(device_id="d", quote_token=quote.token), buyer)
    assert again.discount == Money(1_000)
    second = await shop.perform(order_of(device_id="d"), other)
    assert second.discount == Money(1_000)
    # 500 are left of the budget: the promotion is not given for less than all of it.
    third = await shop.perform(order_of(line("FILM", 3), device_id="d"), shop.storefront())
    assert third.discount == Money(0)
    assert await used(shop) == {"budget": 2_000, "orders": 2, "buyer": 2, "device": 2}


async def test_a_refund_gives_back_what_was_not_used(shop: Shop) -> None:
    buyer = await shop.customer()
    made = await create(shop, "COUPON", off_minor=1_000, limits=limited(budget_minor=5_000, per_customer=1))
    (code,) = await codes_of(shop, made)
    order = await shop.bought(buyer, line("TXV", 4), coupon_codes=(code,))
    async with shop.database.transaction() as connection:
        from persistence.promotions.giving_back import give_back, give_back_all

        await give_back(connection, order.id, {made.id: 300})
        await give_back(connection, order.id, {made.id: 900})
        counted = await connection.fetch("SELECT subject, used FROM promotion_use WHERE subject = 'budget'")
        assert [row["used"] for row in counted] == [0]
        assert await connection.fetchval("SELECT used FROM coupon") == 1
        await give_back_all(connection, [order.id], "REVERSED")
        await give_back_all(connection, [order.id], "REVERSED")
        assert await connection.fetchval("SELECT used FROM coupon") == 0
    assert await used(shop) == {"budget": 0, "buyer": 0}


async def test_a_coupon_from_the_batch_to_the_wallet_to_an_order(shop: Shop) -> None:
    buyer, other = await shop.customer(), await shop.customer()
    made = await create(shop, "COUPON", "SHOP", off_bp=5_000, most_minor=2_000)
    said: dict[str, Any] = {"quantity": 3, "prefix": "vip", "length": 10}
    batch = await shop.perform(MakeCoupons("k", made.id, **said), shop.agent("SHOP"))
    with pytest.raises(PromotionElsewhere):
        await shop.perform(ExportCoupons(batch.id), shop.agent("GD"))
    export = await shop.perform(ExportCoupons(batch.id), shop.agent("SHOP"))
    assert (export.batch.exported_at is not None, len(set(export.codes))) == (True, 3)
    assert all(code.startswith("VIP") and len(code) == 13 for code in export.codes)
    with pytest.raises(CouponsExported):
        await shop.perform(ExportCoupons(batch.id), shop.agent("SHOP"))
    dump = str(await shop.rows("SELECT * FROM coupon")) + str(await shop.rows("SELECT * FROM idempotency"))
    assert not any(code in dump for code in export.codes)

    mine, theirs, _ = export.codes
    wallet = await shop.perform(ClaimCoupon(f" {mine.lower()[:5]}-{mine[5:]} "), buyer)
    assert (wallet.code, wallet.status, wallet.promotion) == (mine, CouponStatus.AVAILABLE, "Coupon")
    assert (await shop.perform(ClaimCoupon(mine), buyer)).id == wallet.id
    for code in (mine, "VIPXXXXXXXXXX", "?"):
        with pytest.raises(CouponNotClaimable):
            await shop.perform(ClaimCoupon(code), other)
    assert (await quoted(shop, other, mine)).problems[0].code == "COUPON_NOT_APPLICABLE"

    quote = await quoted(shop, buyer, mine.lower(), theirs)
    # Two coupons of one promotion do not meet on a line: one is enough, and the other is no problem.
    assert ([one.amount for one in quote.adjustments], quote.problems) == ([Money(-2_000)], [])
    with pytest.raises(CouponNotApplicable):
        await shop.perform(order_of(quote_token=quote.token, coupon_codes=("UNKNOWN",)), buyer)
    both = (mine, theirs)
    order = await shop.perform(order_of(quote_token=quote.token, coupon_codes=both), buyer)
    assert order.discount == Money(2_000)
    taken = quote.adjustments[0].code
    for said in ({"quote_token": quote.token}, {"coupon_codes": (taken,)}):
        with pytest.raises(CouponNotApplicable):
            await shop.perform(order_of(**said), buyer)
    await shop.perform(CancelOrder("c", order.id), buyer)
    assert (await quoted(shop, buyer, taken)).discount == Money(2_000)


async def test_a_coupon_that_came_into_a_wallet_is_its_owners_whatever_was_quoted(shop: Shop) -> None:
    owner, other = await shop.customer(), await shop.customer()
    (code,) = await codes_of(shop, await create(shop, "COUPON", off_minor=1_000))
    quote = await quoted(shop, other, code)
    await shop.perform(ClaimCoupon(code), owner)
    with pytest.raises(CouponNotApplicable):
        await shop.perform(order_of(quote_token=quote.token), other)
    assert (await shop.perform(order_of(coupon_codes=(code,)), owner)).discount == Money(1_000)


async def test_what_is_only_for_some_buyers(shop: Shop) -> None:
    buyer, other = await shop.customer(), await shop.customer()
    assert buyer.subject_id is not None
    command = SetCustomerSegments(buyer.subject_id, ("VIP", "VIP"))
    with pytest.raises(NotFound):
        await shop.perform(command, shop.agent("ZJ"))
    assert (await shop.perform(command, shop.agent("GD"))).segments == ["VIP"]
    await create(shop, "MEMBER_PRICE", pays_bp=9_000, scope=WantedScope(segments=("VIP",)))
    await create(
        shop, "THRESHOLD", scope=WantedScope(first_order=True), **THRESHOLD | {"reaches_minor": 5_000}
    )
    quote = await quoted(shop, buyer)
    assert [one.amount for one in quote.adjustments] == [Money(-1_000), Money(-1_000)]
    assert (await quoted(shop, other)).discount == Money(1_000)
    assert (await quoted(shop, shop.storefront())).discount == Money(0)
    await shop.perform(order_of(quote_token=quote.token), buyer)
    assert (await quoted(shop, buyer)).discount == Money(1_000)
    with pytest.raises(PromotionUsedUp):
        await shop.perform(order_of(quote_token=quote.token), buyer)


async def test_what_cannot_be_made(shop: Shop) -> None:
    with pytest.raises(FundingIncomplete):
        await create(shop, "THRESHOLD", funding=(("GD", 9_999),), **THRESHOLD)
    with pytest.raises(NotFound):
        await create(shop, "THRESHOLD", funding=(("ZJ", 10_000),), **THRESHOLD)
    with pytest.raises(NotFound):
        await create(shop, "THRESHOLD", scope=WantedScope(channels=("ZJ",)), **THRESHOLD)
    with pytest.raises(NotFound):
        await create(shop, "FLASH_SALE", prices={"NONE": 1}, stock=1)
    with pytest.raises(InvalidInput):
        await create(shop, "LOTTERY")
    refused = await create(shop, "THRESHOLD", funding=(("GD", 1), ("HQ", 9_999)), **THRESHOLD)
    assert (await accept(shop, refused, "HQ", accept=False)).status is PromotionStatus.REFUSED
    coupon = await create(shop, "COUPON", off_minor=1)
    with pytest.raises(CouponsGuessable):
        await codes_of(shop, coupon, quantity=1_000, length=8)
    with pytest.raises(InvalidInput):
        await codes_of(shop, await create(shop, "GIFT", gives={"TXV": 1}))
    with pytest.raises(InvalidInput):
        await codes_of(shop, coupon, quantity=100_001)


async def test_a_promotion_begins_and_ends_by_the_databases_clock(shop: Shop) -> None:
    now = await shop.value("SELECT now()")
    buyer = shop.storefront()
    later = await create(shop, "THRESHOLD", starts_at=now + timedelta(hours=1), **THRESHOLD)
    assert later.status is PromotionStatus.SCHEDULED
    assert (await quoted(shop, buyer)).discount == Money(0)
    await shop.run("UPDATE promotion SET starts_at = now(), ends_at = now() + interval '1 hour'")
    await goods.refresh(shop)
    assert (await quoted(shop, buyer)).discount == Money(1_000)
    # Another whose kind is gone keeps nobody from buying.
    gone = await create(shop, "GIFT", gives={"TXV": 1})
    await shop.run("UPDATE promotion SET kind = 'LOTTERY' WHERE id = $1", gone.id)
    await goods.refresh(shop)
    assert (await quoted(shop, buyer)).discount == Money(1_000)
    await shop.run("UPDATE promotion SET ends_at = now()")
    await goods.refresh(shop)
    assert (await quoted(shop, buyer)).discount == Money(0)
