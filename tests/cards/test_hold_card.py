"""Cards that are stopped leave the stock and come back to where they were; time ends those that are over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.access.callers import SYSTEM
from domain.cards.hold_card import ExpireCards, FreezeCard, UnfreezeCard
from domain.cards.redeem_card import BeginRedemption, RedeemCard
from domain.cards.refusals import CardNotFreezable, CardNotFrozen, StockExhausted
from domain.refusals import Forbidden, InvalidInput, NotFound
from tests.cards.stockroom import Stockroom


async def test_a_frozen_unsold_card_is_out_of_stock_and_comes_back(room: Stockroom) -> None:
    sku, buyer, headquarters = await room.sku("month"), await room.customer(), room.agent()
    await room.minted(sku, 2)
    first = await room.value("SELECT id FROM card ORDER BY seq LIMIT 1")
    frozen = await room.perform(FreezeCard(first, "a doubt"), headquarters)
    assert frozen.status == "FROZEN"
    assert await room.perform(FreezeCard(first, "again"), headquarters) == frozen
    assert await room.available(sku) == 1
    with pytest.raises(StockExhausted):
        await room.reserve(await room.order([(sku, 2)]), buyer)
    await room.buy(sku, buyer)
    assert (await room.perform(UnfreezeCard(first, "cleared"), headquarters)).status == "IN_STOCK"
    assert await room.available(sku) == 1
    assert await room.buy(sku, buyer) == [first]
    with pytest.raises(CardNotFrozen):
        await room.perform(UnfreezeCard(first, "again"), headquarters)
    reasons = await room.run("SELECT reason FROM card_event WHERE card_id = $1 AND reason <> ''", first)
    assert [row["reason"] for row in reasons] == ["a doubt", "cleared"]


async def test_a_reserved_card_that_is_frozen_becomes_what_its_order_became(room: Stockroom) -> None:
    sku, buyer, headquarters = await room.sku("month"), await room.customer(), room.agent()
    await room.minted(sku, 2)
    paid, expired = await room.order([(sku, 1)], customer=buyer), await room.order([(sku, 1)], customer=buyer)
    await room.reserve(paid, buyer)
    await room.reserve(expired, buyer)
    cards = {row["order_id"]: row["id"] for row in await room.run("SELECT id, order_id FROM card")}
    for card in cards.values():
        await room.perform(FreezeCard(card, "a doubt"), headquarters)
    await room.deliver(paid, buyer)
    await room.release(expired, buyer)
    assert await room.states(sku) == {"FROZEN": 2}
    assert await room.available(sku) == 0
    mine = await room.perform(UnfreezeCard(cards[paid[0].order_id], "cleared"), headquarters)
    free = await room.perform(UnfreezeCard(cards[expired[0].order_id], "cleared"), headquarters)
    assert (mine.status, mine.order_id) == ("DELIVERED", paid[0].order_id)
    assert (free.status, free.order_id) == ("IN_STOCK", None)
    assert await room.available(sku) == 1


async def test_what_is_used_or_being_used_cannot_be_frozen(room: Stockroom) -> None:
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    secrets = await room.minted(sku, 2)
    used, leased = await room.buy(sku, buyer, 2)
    await room.perform(RedeemCard("k1", secret=secrets[0].reveal()), redeemer)
    await room.perform(BeginRedemption("k2", secret=secrets[1].reveal()), redeemer)
    for card, status in ((used, "REDEEMED"), (leased, "REDEEMING")):
        with pytest.raises(CardNotFreezable) as refused:
            await room.perform(FreezeCard(card, "too late"), room.agent())
        assert refused.value.status == status
    assert await room.states(sku) == {"REDEEMED": 1, "REDEEMING": 1}


async def test_only_headquarters_freezes_and_says_why(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    await room.minted(sku, 1)
    (card,) = await room.buy(sku, buyer)
    with pytest.raises(NotFound):
        await room.perform(FreezeCard(card, "x"), room.agent("province"))
    with pytest.raises(Forbidden):
        await room.perform(FreezeCard(card, "x"), buyer)
    with pytest.raises(NotFound):
        await room.perform(FreezeCard(room.channels["root"][0], "x"), room.agent())
    for reason in ("", "  ", "x" * 501, "a\x00"):
        with pytest.raises(InvalidInput):
            FreezeCard(card, reason)
    assert await room.states(sku) == {"DELIVERED": 1}


async def test_cards_expire_unsold_before_their_end_and_sold_after_their_grace(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    now = datetime.now(UTC)
    await room.minted(sku, 3, now + timedelta(days=30))
    await room.minted(sku, 1)
    over, graced, held = await room.buy(sku, buyer, 3)
    await room.run("UPDATE card SET expires_at = now() - interval '25 h' WHERE id = $1", over)
    await room.run("UPDATE card SET expires_at = now() - interval '23 h' WHERE id = $1", graced)
    await room.run("UPDATE card SET expires_at = now() - interval '99 h' WHERE id = $1", held)
    await room.perform(FreezeCard(held, "a doubt"), room.agent())
    await room.minted(sku, 2, now + timedelta(hours=23))
    assert await room.available(sku) == 3
    assert await room.perform(ExpireCards(), SYSTEM) == 4
    assert await room.perform(ExpireCards(), SYSTEM) == 0
    assert await room.states(sku) == {"EXPIRED": 4, "DELIVERED": 1, "IN_STOCK": 1}
    assert await room.available(sku) == 1
    told = await room.run("SELECT aggregate_id FROM outbox WHERE payload->>'to' = 'EXPIRED'")
    assert {row["aggregate_id"] for row in told} == {over, held}


async def test_expiry_goes_in_short_steps(room: Stockroom) -> None:
    sku = await room.sku("month")
    await room.minted(sku, 5, datetime.now(UTC) + timedelta(hours=1))
    assert [await room.perform(ExpireCards(2), SYSTEM) for _ in range(4)] == [2, 2, 1, 0]
    assert await room.available(sku) == 0
