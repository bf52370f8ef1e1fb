"""The trace of a card: hashed by the database as by us, append-only, and any change of it shows."""

from __future__ import annotations

import asyncpg
import pytest

from domain.cards.chain import CardEvent, LinkedEvent, hash_of, is_intact
from domain.cards.hold_card import FreezeCard
from domain.cards.redeem_card import RedeemCard
from persistence.cards.reads import StoredCardReads
from persistence.database import plain_dsn
from tests.cards.stockroom import Stockroom

NASTY = 'a "quoted" \\ line\nnext\ttab \x01 控制 \u2028 🎁 \x7f /'


async def test_headquarters_sees_through_whose_hands_a_card_went(room: Stockroom) -> None:
    sku, buyer, redeemer = await room.sku("month"), await room.customer(), await room.api_client()
    secret, other = await room.minted(sku, 2)
    await room.buy(sku, buyer)
    await room.perform(RedeemCard("k1", secret=secret.reveal()), redeemer)
    reads, headquarters = StoredCardReads(room.database, room.tools), room.agent()
    trace = await reads.trace(headquarters, secret.reveal().lower())
    assert trace is not None
    assert trace.chain_intact
    assert trace.card.status == "REDEEMED"
    assert [(event.from_, event.to, event.actor.kind) for event in trace.events] == [
        (None, "IN_STOCK", "SYSTEM"),
        ("IN_STOCK", "RESERVED", "CUSTOMER"),
        ("RESERVED", "SOLD", "CUSTOMER"),
        ("SOLD", "DELIVERED", "CUSTOMER"),
        ("DELIVERED", "REDEEMING", "API_CLIENT"),
        ("REDEEMING", "REDEEMED", "API_CLIENT"),
    ]
    root, shop = room.channels["root"][-1], room.channels["shop"][-1]
    assert [event.channel_id for event in trace.events] == [root, shop, shop, shop, root, root]
    unsold = await reads.trace(headquarters, other.reveal())
    assert unsold is not None
    assert unsold.card.channel_id == root


@pytest.mark.parametrize("said", ["", "0000000000000000", "unknown", "x" * 5_000, "a\x00b", "\ud800"])
async def test_a_secret_that_nobody_has_is_traced_to_nothing(room: Stockroom, said: str) -> None:
    reads = StoredCardReads(room.database, room.tools)
    assert await reads.trace(room.agent(), said) is None


async def test_only_headquarters_traces(room: Stockroom) -> None:
    (secret,) = await room.minted(await room.sku("month"), 1)
    reads = StoredCardReads(room.database, room.tools)
    for caller in (room.agent("province"), await room.customer(), await room.api_client()):
        assert await reads.trace(caller, secret.reveal()) is None


async def test_the_database_hashes_the_same_text_as_we_do(room: Stockroom) -> None:
    (secret,) = await room.minted(await room.sku("month"), 1)
    card = await room.value("SELECT id FROM card")
    await room.perform(FreezeCard(card, NASTY), room.agent())
    trace = await StoredCardReads(room.database, room.tools).trace(room.agent(), secret.reveal())
    assert trace is not None
    assert trace.events[-1].reason == NASTY
    assert trace.chain_intact


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE card_event SET actor_name = 'nobody' WHERE ordinal = 2",
        "UPDATE card_event SET at = at + interval '1 microsecond' WHERE ordinal = 3",
        "UPDATE card_event SET reason = 'x' WHERE ordinal = 4",
        "DELETE FROM card_event WHERE ordinal = 4",
        "DELETE FROM card_event WHERE ordinal = 2",
        "DELETE FROM card_event",
        "UPDATE card_event SET channel_id = NULL WHERE ordinal = 1",
        "UPDATE card_event SET hash = sha256('x') WHERE ordinal = 4",
        "UPDATE card SET last_hash = sha256('x')",
    ],
)
async def test_any_change_of_history_shows(room: Stockroom, tampering: str) -> None:
    sku, buyer = await room.sku("month"), await room.customer()
    (secret,) = await room.minted(sku, 1)
    await room.buy(sku, buyer)
    owner = await asyncpg.connect(plain_dsn(room.database.dsn))
    try:
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(tampering)
    finally:
        await owner.close()
    trace = await StoredCardReads(room.database, room.tools).trace(room.agent(), secret.reveal())
    assert trace is not None
    assert not trace.chain_intact


@pytest.mark.parametrize(
    "rewriting",
    ["UPDATE card_event SET reason = 'x'", "DELETE FROM card_event", "TRUNCATE card_event"],
)
async def test_nobody_rewrites_history(room: Stockroom, rewriting: str) -> None:
    await room.minted(await room.sku("month"), 1)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await room.run(rewriting)
    owner = await asyncpg.connect(plain_dsn(room.database.dsn))
    with pytest.raises(asyncpg.RaiseError):
        await owner.execute(rewriting)
    await owner.close()


def test_a_chain_without_a_beginning_or_with_a_gap_is_broken() -> None:
    from datetime import UTC, datetime

    from domain.ids import new_id

    card, now = new_id(), datetime.now(UTC)
    first = CardEvent(card, 1, now, None, "IN_STOCK", "SYSTEM", None, "", None, None, "", "")
    other = CardEvent(card, 2, now, "SOLD", "DELIVERED", "SYSTEM", None, "", None, None, "", "")
    one = LinkedEvent(first, None, hash_of(first, None))
    two = LinkedEvent(other, one.hash, hash_of(other, one.hash))
    assert is_intact([one], 1, one.hash)
    assert not is_intact([], 0, one.hash)
    assert not is_intact([one, two], 2, two.hash)
    assert not is_intact([one], 2, one.hash)
