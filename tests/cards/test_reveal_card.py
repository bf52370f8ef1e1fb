"""Only its owner looks at a card, so many times, each on record, and the secret is kept nowhere."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from domain.access.callers import CallerKind
from domain.cards.hold_card import ActivateCard, FreezeCard
from domain.cards.redeem_card import RedeemCard
from domain.cards.refusals import (
    CardNotActivatable,
    CardNotRedeemable,
    CardNotRevealable,
    RevealExpired,
    RevealLimitReached,
)
from domain.cards.reveal_card import RevealCard
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput, NotFound
from tests.cards.stockroom import Stockroom


async def test_a_reveal_shows_the_secret_with_a_watermark_and_is_on_record(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    (secret,) = await room.minted(sku, 1)
    (card,) = await room.buy(sku, buyer)
    shown = await room.perform(RevealCard(card, "k1"), buyer)
    assert shown.secret is not None
    assert shown.secret.reveal() == secret.reveal()
    assert (shown.number, shown.link) == (None, None)
    assert shown.card.status == "REVEALED"
    order = await room.value("SELECT number FROM orders")
    kept = (await room.run("SELECT * FROM reveal"))[0]
    assert shown.watermark == f"138****0000 · {order} · {kept['created_at']:%Y-%m-%d %H:%M:%S} UTC"
    assert shown.expires_at == kept["created_at"] + timedelta(minutes=10)
    assert (kept["card_id"], kept["customer_id"], kept["address"]) == (card, buyer.subject_id, buyer.address)
    event = (await room.run("SELECT * FROM card_event ORDER BY ordinal DESC LIMIT 1"))[0]
    assert (event["from_state"], event["to_state"], event["actor_id"]) == (
        "DELIVERED", "REVEALED", buyer.subject_id,
    )  # fmt: skip


async def test_the_same_key_shows_it_again_and_counts_once(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    await room.minted(sku, 2)
    card, other = await room.buy(sku, buyer, 2)
    answers = await asyncio.gather(*(room.perform(RevealCard(card, "k1"), buyer) for _ in range(8)))
    assert len({(one.secret.reveal(), one.watermark, one.expires_at) for one in answers}) == 1
    assert await room.value("SELECT reveals FROM card WHERE id = $1", card) == 1
    assert await room.value("SELECT count(*) FROM reveal") == 1
    with pytest.raises(RevealLimitReached) as refused:
        await room.perform(RevealCard(card, "k2"), buyer)
    assert refused.value.limit == 1
    with pytest.raises(IdempotencyConflict):
        await room.perform(RevealCard(other, "k1"), buyer)
    await room.run("UPDATE reveal SET expires_at = now()")
    with pytest.raises(RevealExpired):
        await room.perform(RevealCard(card, "k1"), buyer)


async def test_more_reveals_are_each_an_event(dsn: str) -> None:
    room = await Stockroom.open(dsn, reveals_per_card=3)
    sku, buyer = await room.sku("month"), await room.customer()
    await room.minted(sku, 1)
    (card,) = await room.buy(sku, buyer)
    for n in range(3):
        await room.perform(RevealCard(card, f"k{n}"), buyer)
    with pytest.raises(RevealLimitReached):
        await room.perform(RevealCard(card, "k9"), buyer)
    steps = await room.run("SELECT from_state, to_state FROM card_event ORDER BY ordinal OFFSET 4")
    assert [tuple(step) for step in steps] == [
        ("DELIVERED", "REVEALED"), ("REVEALED", "REVEALED"), ("REVEALED", "REVEALED"),
    ]  # fmt: skip
    assert await room.value("SELECT count(*) FROM outbox WHERE payload->>'to' = 'REVEALED'") == 1
    await room.database.close()


async def test_nobody_but_the_owner_reveals(room: Stockroom) -> None:
    sku, buyer, stranger = await room.sku("month"), await room.customer(), await room.customer()
    await room.minted(sku, 2)
    (card,) = await room.buy(sku, buyer)
    unsold = await room.value("SELECT id FROM card WHERE state = 'IN_STOCK'")
    for caller, card_id in ((stranger, card), (buyer, unsold), (buyer, room.channels["root"][0])):
        with pytest.raises(NotFound):
            await room.perform(RevealCard(card_id, "k"), caller)
    same_id = replace(room.agent(), subject_id=buyer.subject_id)
    assert same_id.kind is CallerKind.AGENT
    for caller in (room.agent(), room.agent("shop"), same_id):
        with pytest.raises(Forbidden):
            await room.perform(RevealCard(card, "k"), caller)
    assert await room.value("SELECT count(*) FROM reveal") == 0


async def test_links_and_numbers_are_shown_as_what_they_are(room: Stockroom) -> None:
    cinema, game, buyer = (
        await room.sku("cinema", "LINK"),
        await room.sku("game", "CARD_NUMBER_KEY"),
        await room.customer(),
    )
    await room.cards(cinema, [("https://tickets.example/T0p-Secret", None)])
    await room.cards(game, [("987654321", "6001000000000001")])
    (ticket,), (card,) = await room.buy(cinema, buyer), await room.buy(game, buyer)
    link = await room.perform(RevealCard(ticket, "k1"), buyer)
    assert (link.secret, link.number) == (None, None)
    assert link.link.reveal() == "https://tickets.example/T0p-Secret"
    pair = await room.perform(RevealCard(card, "k2"), buyer)
    assert (pair.number.reveal(), pair.secret.reveal(), pair.link) == ("6001000000000001", "987654321", None)


async def test_a_card_that_is_stopped_or_used_is_not_shown(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    secrets = await room.minted(sku, 2)
    used, frozen = await room.buy(sku, buyer, 2)
    await room.perform(RevealCard(frozen, "before"), buyer)
    await room.perform(FreezeCard(frozen, "stolen"), room.agent())
    await room.perform(RedeemCard("r", secret=secrets[0].reveal()), await room.api_client())
    for card, key in ((used, "k1"), (frozen, "k2"), (frozen, "before")):
        with pytest.raises(CardNotRevealable):
            await room.perform(RevealCard(card, key), buyer)
    assert await room.value("SELECT count(*) FROM reveal") == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b"])
async def test_a_key_is_text_of_a_length(room: Stockroom, key: str) -> None:
    with pytest.raises(InvalidInput):
        await room.perform(RevealCard(room.channels["root"][0], key), await room.customer())


async def test_the_owner_activates(room: Stockroom) -> None:
    sku, buyer, stranger = await room.sku("month"), await room.customer(), await room.customer()
    secrets = await room.minted(sku, 1)
    (card,) = await room.buy(sku, buyer)
    with pytest.raises(NotFound):
        await room.perform(ActivateCard(card), stranger)
    assert (await room.perform(ActivateCard(card), buyer)).status == "ACTIVATED"
    assert (await room.perform(ActivateCard(card), buyer)).status == "ACTIVATED"
    assert (await room.perform(RevealCard(card, "k"), buyer)).card.status == "ACTIVATED"
    await room.perform(RedeemCard("r", secret=secrets[0].reveal()), await room.api_client())
    with pytest.raises(CardNotActivatable):
        await room.perform(ActivateCard(card), buyer)


async def test_a_revealed_secret_does_not_leave_by_accident(room: Stockroom) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    (secret,) = await room.minted(sku, 1)
    canary = secret.reveal()
    (card,) = await room.buy(sku, buyer)
    shown = await room.perform(RevealCard(card, "k1"), buyer)
    assert canary not in repr(shown)
    assert canary not in str(shown)
    for leak in (pickle.dumps, copy.deepcopy, asdict, json.dumps):
        with pytest.raises(TypeError):
            leak(shown)
    await room.perform(RedeemCard("r1", secret=canary), await room.api_client())
    with pytest.raises(CardNotRedeemable) as refused:
        await room.perform(RedeemCard("r2", secret=canary), await room.api_client())
    assert canary not in repr(refused.value) + str(refused.value) + repr(vars(refused.value))
    dump = ""
    for (table,) in await room.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        dump += "".join(row[0] for row in await room.run(f"SELECT t::text FROM {table} t"))
    assert "REDEEMED" in dump
    assert canary.lower() not in dump.lower()
    assert canary.encode().hex() not in dump
