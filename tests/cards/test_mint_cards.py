"""Minting: codes of our own, each once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.cards import codes
from domain.cards.batches.mint_cards import MOST, MintCards
from domain.cards.batches.refusals import NotSoldAsCards
from domain.cards.batches.status import BatchStatus, Origin
from domain.cards.keys import KeyPurpose, working_key
from domain.refusals import IdempotencyConflict, InvalidInput, NotFound
from persistence.cards import data_keys
from persistence.database import Database
from tests.cards.intake import Intake, furnish


@pytest.fixture
async def intake(dsn: str) -> AsyncIterator[Intake]:
    database = await Database.open(dsn)
    yield await furnish(database)
    await database.close()


async def minted(intake: Intake, name: str = "secret") -> list[str]:
    """What was minted, opened."""
    cards = await intake.fetch("SELECT * FROM card ORDER BY seq")
    async with intake.database.connection() as connection:
        keys = await data_keys.read(connection, [card["key_id"] for card in cards])
    return [
        intake.tools.vault.open(keys[card["key_id"]], card["id"], name, card[f"{name}_ciphertext"]).reveal()
        for card in cards
    ]


async def test_each_code_is_minted_once_and_carries_its_check(intake: Intake) -> None:
    done = await intake.mint("KEY", 9_000)
    assert (done.status, done.origin, done.accepted) == (BatchStatus.SUCCEEDED, Origin.MINT, 9_000)
    assert (done.rows_read, done.rejected, done.percent, done.file_name) == (9_000, 0, 100, None)
    await intake.mint("KEY", 1_000)
    texts = await minted(intake)
    assert len(set(texts)) == await intake.available("KEY") == 10_000
    key = working_key(intake.keys, KeyPurpose.CODE)
    assert all(codes.has_valid_mac(key, text) for text in texts)
    reasons = await intake.fetch("SELECT DISTINCT reason FROM card_event")
    assert [row["reason"] for row in reasons] == ["Minted"]


async def test_a_numbered_card_gets_a_number_and_a_link_a_place_to_go(intake: Intake) -> None:
    await intake.mint("NUMBERED", 300)
    numbers = await minted(intake, "number")
    assert len(set(numbers)) == 300
    assert all(len(number) == 16 and number.isdigit() for number in numbers)
    await intake.fetch("DELETE FROM card")
    await intake.mint("MOVIE-2D", 20)
    links = await minted(intake)
    before, _, behind = intake.tools.settings.minted_link.partition("{code}")
    assert all(link.startswith(before) and link.endswith(behind) for link in links)
    assert await intake.value("SELECT DISTINCT masked FROM card") == "cards.quanyi.example/••••"


async def test_minted_cards_expire_when_it_is_said(intake: Intake) -> None:
    ends = datetime(2099, 1, 1, tzinfo=UTC)
    batch: Any = await intake.perform(MintCards("k", "KEY", 3, ends), intake.caller)
    assert batch.status is BatchStatus.QUEUED
    await intake.run(batch)
    assert await intake.value("SELECT DISTINCT expires_at FROM card") == ends
    over = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(InvalidInput):
        await intake.perform(MintCards("l", "KEY", 3, over), intake.caller)


@pytest.mark.parametrize("quantity", [0, -1, MOST + 1])
async def test_only_so_many_are_minted_at_a_time(intake: Intake, quantity: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        await intake.perform(MintCards("k", "KEY", quantity), intake.caller)
    assert refused.value.field == ["quantity"]


async def test_only_skus_with_cards_are_minted(intake: Intake) -> None:
    with pytest.raises(NotSoldAsCards):
        await intake.perform(MintCards("k", "FIGURE", 1), intake.caller)
    with pytest.raises(NotFound):
        await intake.perform(MintCards("k", "NOTHING", 1), intake.caller)


async def test_the_same_key_mints_once(intake: Intake) -> None:
    first = await intake.perform(MintCards("k", "KEY", 5), intake.caller)
    assert await intake.perform(MintCards("k", "KEY", 5), intake.caller) == first
    with pytest.raises(IdempotencyConflict):
        await intake.perform(MintCards("k", "KEY", 6), intake.caller)
    assert await intake.value("SELECT count(*) FROM card_batch") == 1
