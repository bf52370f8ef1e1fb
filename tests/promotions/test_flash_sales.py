"""A flash sale from its schedule to its end, as channels see it and as it is told."""

from datetime import datetime, timedelta

from domain.access.callers import SYSTEM
from domain.promotions.answer_funding import StopPromotion
from domain.promotions.flash_sales import FlashSaleState, FlashSaleView, TellFlashSales, state_of
from persistence.promotions.reads import StoredPromotionReads
from tests.orders import goods
from tests.orders.shop import Shop, line
from tests.promotions.campaigns import create, order_of

NOON = "2026-11-28T12:00:00+00:00"


def test_the_clock_and_the_stock_decide_where_a_sale_stands() -> None:
    now = datetime.fromisoformat(NOON)
    hour = timedelta(hours=1)
    stands = {
        ("LIVE", None, None, 1): FlashSaleState.LIVE,
        ("LIVE", now, now + hour, 1): FlashSaleState.LIVE,
        ("LIVE", now + hour, None, 0): FlashSaleState.SCHEDULED,
        ("LIVE", None, None, 0): FlashSaleState.SOLD_OUT,
        ("LIVE", None, now, 5): FlashSaleState.ENDED,
        ("STOPPED", None, None, 5): FlashSaleState.ENDED,
    }
    assert {said: state_of(*said, now) for said in stands} == stands


async def seen(shop: Shop, channel: str) -> tuple[str, int, int]:
    """State, what is left and the whole, of a channel's one sale."""
    reads = StoredPromotionReads(shop.database, shop.tools)
    (view,) = await reads.flash_sales(shop.storefront(channel))
    assert view == await reads.flash_sale(shop.storefront(channel), view.id)
    return view.state.value, view.left, view.stock


async def told(shop: Shop) -> list[str]:
    """What a look at the sales tells."""
    await shop.perform(TellFlashSales(), SYSTEM)
    rows = await shop.rows("DELETE FROM outbox WHERE kind = 'flash_sale.changed' RETURNING payload")
    return [row["payload"]["to"] for row in rows]


async def test_a_sale_is_seen_by_slices_and_told_when_it_changes(shop: Shop) -> None:
    await shop.run("UPDATE channel SET code = lower(code)")
    await goods.refresh(shop)
    now = await shop.value("SELECT now()")
    slices = {"shop": 2}
    sale = await create(
        shop, "FLASH_SALE", "HQ", prices={"DRAW": 600}, stock=5, per_buyer=2, slices=slices,
        starts_at=now + timedelta(hours=1),
    )  # fmt: skip
    assert await seen(shop, "SHOP") == ("SCHEDULED", 2, 2)
    assert (await told(shop), await told(shop)) == (["SCHEDULED"], [])
    await shop.run("UPDATE promotion SET starts_at = now()")
    await goods.refresh(shop)
    assert (await told(shop), await seen(shop, "SHOP"), await seen(shop, "ZJ")) == (
        ["LIVE"],
        ("LIVE", 2, 2),
        ("LIVE", 3, 3),
    )
    buyers = [await shop.customer(channel) for channel in ("SHOP", "ZJ", "ZJ")]
    await shop.perform(order_of(line("DRAW", 2)), buyers[0])
    assert (await told(shop), await seen(shop, "SHOP"), await seen(shop, "ZJ")) == (
        ["LIVE"],
        ("SOLD_OUT", 0, 2),
        ("LIVE", 3, 3),
    )
    await shop.perform(order_of(line("DRAW", 2)), buyers[1])
    await shop.perform(order_of(line("DRAW", 2)), buyers[2])
    assert (await told(shop), await seen(shop, "ZJ")) == (["SOLD_OUT"], ("SOLD_OUT", 0, 3))
    await shop.run("UPDATE orders SET expires_at = now()")
    await shop.expire()
    assert (await told(shop), await seen(shop, "ZJ")) == (["LIVE"], ("LIVE", 3, 3))
    await shop.perform(StopPromotion(sale.id), shop.agent("HQ"))
    assert (await told(shop), await told(shop)) == (["ENDED"], [])
    reads = StoredPromotionReads(shop.database, shop.tools)
    assert await reads.flash_sales(shop.storefront()) == []
    ended = await reads.flash_sale(shop.storefront(), sale.id)
    assert isinstance(ended, FlashSaleView)
    assert ended.state is FlashSaleState.ENDED
