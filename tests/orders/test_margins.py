"""What each level keeps of an order, before and after refunds: to the fen what the ledger says."""

from __future__ import annotations

from domain.access.callers import SYSTEM
from domain.ledger.vesting import VestMargins
from domain.orders.refunds.rules import Target
from domain.orders.views import OrderView
from tests.orders.desk import approve, ask, cards_of, line_of, ours, refund, reject, seen
from tests.orders.shop import Shop, line
from tests.promotions.campaigns import accept, codes_of, create

# TXV: list 25.00, cost 17.50; GD buys at 20.00 and SHOP at 22.50. FILM: 40.00, 30.00; 32.00 and 36.00.


Levels = tuple[int, ...]


async def kept(shop: Shop, order: OrderView) -> tuple[Levels, Levels]:
    """What headquarters, GD and SHOP keep now, and what they had of the sale."""
    found = [
        (await shop.reads.margins_of(shop.agent(code), [order.id]))[order.id] for code in ("HQ", "GD", "SHOP")
    ]
    assert await shop.reads.margins_of(shop.agent("ZJ"), [order.id]) == {}
    return tuple(one.now.minor for one in found), tuple(one.at_sale.minor for one in found)


async def test_what_is_paid_back_leaves_every_level_with_the_rest(shop: Shop) -> None:
    orders, sale = [], (700, 900, 900)
    for method in ("SANDBOX", "SHOP_COLLECTED"):
        order = await shop.place(shop.agent(), line("TXV", 2), line("FILM"))
        assert await kept(shop, order) == (sale, sale)
        await shop.pay(shop.agent(), order, method)
        orders.append(order)
    for order in orders:
        txv = Target(await line_of(shop, order, "TXV"), quantity=1)
        asked = await ask(shop, shop.agent(), order, txv)
        assert await kept(shop, order) == (sale, sale)
        await reject(shop, shop.agent(), asked)
        await refund(shop, shop.agent(), order, txv)
        assert await kept(shop, order) == ((450, 650, 650), sale)
    await shop.run("UPDATE ledger_vesting SET vests_at = now()")
    await shop.perform(VestMargins(), SYSTEM)
    for order in orders:
        await refund(shop, shop.agent(), order, Target(await line_of(shop, order, "FILM")))
        assert await kept(shop, order) == ((250, 250, 250), sale)
        waits = await ask(shop, shop.agent(), order)
        assert await kept(shop, order) == ((250, 250, 250), sale)
        await approve(shop, shop.agent(), waits)
        assert await kept(shop, order) == ((0, 0, 0), sale)


async def test_funders_of_a_discount_have_their_shares_again(shop: Shop) -> None:
    shares = (("GD", 6_000), ("HQ", 3_000), ("SHOP", 1_000))
    made = await create(shop, "COUPON", "SHOP", off_minor=1_000, funding=shares)
    for code in ("HQ", "GD"):
        await accept(shop, made, code)
    codes, sale = await codes_of(shop, made, "SHOP", quantity=2), (1_000 - 300, 1_000 - 600, 1_000 - 100)
    for code, method in zip(codes, ("SANDBOX", "SHOP_COLLECTED"), strict=True):
        order = await shop.place(shop.agent(), line("TXV", 4), coupon_codes=(code,))
        await shop.pay(shop.agent(), order, method)
        assert await kept(shop, order) == (sale, sale)
        at = await line_of(shop, order, "TXV")
        await refund(shop, shop.agent(), order, Target(at, quantity=1))
        assert await kept(shop, order) == ((525, 300, 675), sale)
        await refund(shop, shop.agent(), order)
        assert await kept(shop, order) == ((0, 0, 0), sale)


async def test_goods_that_nobody_takes_back_are_headquarters_loss(shop: Shop) -> None:
    await ours(shop, minted=False)
    order = await shop.bought(await shop.customer(), line("TXV", 2))
    await seen(shop, (await cards_of(shop, order))[0])
    asked = await ask(shop, shop.agent(), order)
    await approve(shop, shop.agent("HQ"), asked)
    assert await kept(shop, order) == ((-1_750, 0, 0), (500, 500, 500))


async def test_headquarters_as_the_seller_keeps_price_less_cost(shop: Shop) -> None:
    order = await shop.bought(shop.storefront("HQ"), line("TXV", 3))
    hq = shop.agent("HQ")
    earned = []
    for quantity in (0, 1, 2):
        if quantity:
            await refund(shop, hq, order, Target(await line_of(shop, order, "TXV"), quantity=quantity))
        margin = (await shop.reads.margins_of(hq, [order.id]))[order.id]
        earned.append((margin.now.minor, margin.at_sale.minor))
    assert earned == [(2_250, 2_250), (1_500, 2_250), (0, 2_250)]
