"""Codes in large batches, and what orders cost where nobody offers anything."""

import time
from uuid import uuid4

import pytest

from domain.promotions.coupon_batches import ExportCoupons, MakeCoupons
from tests.orders.shop import Shop, line
from tests.promotions.campaigns import THRESHOLD, create, order_of, quoted
from tests.promotions.overhearing import overheard


async def made(shop: Shop, quantity: int) -> tuple[float, list[str]]:
    """Seconds that one mutation takes to make so many codes, and the codes."""
    promotion = await create(shop, "COUPON", off_minor=100)
    started = time.perf_counter()
    batch = await shop.perform(MakeCoupons(uuid4().hex, promotion.id, quantity), shop.agent("GD"))
    took_s = time.perf_counter() - started
    export = await shop.perform(ExportCoupons(batch.id), shop.agent("GD"))
    return took_s, export.codes


async def test_two_thousand_codes_in_a_mutation(shop: Shop) -> None:
    _, codes = await made(shop, 2_000)
    assert len(set(codes)) == 2_000
    assert await shop.value("SELECT count(DISTINCT code_hmac) FROM coupon WHERE used = 0") == 2_000


@pytest.mark.soak
async def test_a_hundred_thousand_codes_in_under_a_minute(shop: Shop) -> None:
    took_s, codes = await made(shop, 100_000)
    print(f"100,000 codes in {took_s:.1f} s")
    assert len(set(codes)) == 100_000
    assert took_s < 60


async def test_where_nobody_offers_anything_no_statement_asks_for_it(shop: Shop) -> None:
    buyer = shop.storefront()
    await quoted(shop, buyer, lines=(line("DRAW"),))
    listening, said = overheard(shop)
    quote = await quoted(listening, buyer, lines=(line("DRAW"),))
    await listening.perform(order_of(line("DRAW"), quote_token=quote.token), buyer)
    assert len(said) > 4
    assert [one for one in said if "promotion" in one or "coupon" in one or "buying_group" in one] == []

    await create(shop, "THRESHOLD", **THRESHOLD)
    await quoted(shop, buyer)
    listening, said = overheard(shop)
    quote = await quoted(listening, buyer)
    await listening.perform(order_of(quote_token=quote.token), buyer)
    # One statement for what is given without a limit: the claim.
    assert len([one for one in said if "promotion" in one]) == 1
