"""The code at the counter lives for three steps, works once, and cannot be made by who saw another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cards.keys import KeyPurpose
from domain.cards.presentation import STEP_S, accept, is_genuine, present, read, step_at
from domain.ids import new_id
from tests.cards.keyrings import MemoryKeys

KEYS = MemoryKeys()
CARD = new_id()
NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)


class Spent:
    """Used tokens, in memory."""

    def __init__(self) -> None:
        self.seen: dict[tuple[UUID, bytes], datetime] = {}

    async def spend(self, card_id: UUID, jti: bytes, until: datetime) -> bool:
        if (card_id, jti) in self.seen:
            return False
        self.seen[card_id, jti] = until
        return True


async def test_a_token_presents_its_card_once() -> None:
    spent = Spent()
    token = present(KEYS, CARD, NOW)
    assert await accept(token, KEYS, spent, NOW) == CARD
    assert await accept(token, KEYS, spent, NOW) is None
    assert await accept(present(KEYS, CARD, NOW), KEYS, spent, NOW) == CARD
    assert set(spent.seen.values()) == {NOW + timedelta(seconds=2 * STEP_S)}


@pytest.mark.parametrize(
    ("later_s", "good"),
    [(-31, False), (-16, False), (-15, True), (0, True), (14, True), (29, True), (30, False)],
)
async def test_a_token_is_good_for_its_step_and_one_beside_it(later_s: int, good: bool) -> None:
    token = present(KEYS, CARD, NOW)
    found = await accept(token, KEYS, Spent(), NOW + timedelta(seconds=later_s))
    assert found == (CARD if good else None)


async def test_a_refused_token_spends_nothing() -> None:
    spent = Spent()
    forged = present(KEYS, CARD, NOW).rpartition(".")[0] + "." + "A" * 22
    for token in ("", "v1", forged, present(MemoryKeys(), CARD, NOW)):
        assert await accept(token, KEYS, spent, NOW) is None
    assert spent.seen == {}


def test_every_part_is_under_the_mac() -> None:
    parts = present(KEYS, CARD, NOW).split(".")
    others = present(KEYS, new_id(), NOW + timedelta(seconds=STEP_S)).split(".")
    for at in (2, 3, 4, 5):
        mixed = read(".".join([*parts[:at], others[at], *parts[at + 1 :]]))
        assert mixed is not None
        assert not is_genuine(mixed, KEYS, NOW)


def test_a_token_is_short_and_says_what_it_is() -> None:
    token = present(KEYS, CARD, NOW)
    found = read(token)
    assert token.startswith("v1.k1.")
    assert len(token) < 80
    assert found is not None
    assert (found.key_id, found.card_id, found.step) == ("k1", CARD, step_at(NOW))
    assert KEYS.current(KeyPurpose.PRESENTATION).material.hex() not in token


def test_a_token_outlives_the_rotation_of_its_key() -> None:
    keys = MemoryKeys()
    found = read(present(keys, CARD, NOW))
    assert found is not None
    keys.rotate(KeyPurpose.PRESENTATION)
    assert is_genuine(found, keys, NOW)
    keys.rings[KeyPurpose.PRESENTATION].pop(0)
    assert not is_genuine(found, keys, NOW)


@pytest.mark.parametrize("change", ["{}=", " {}", "{}.", "{}\n", "V{}", "{}A"])
def test_there_is_one_spelling_of_a_token(change: str) -> None:
    assert read(change.format(present(KEYS, CARD, NOW))) is None
    with_sign = present(KEYS, CARD, NOW).split(".")
    with_sign[3] = "+" + with_sign[3]
    assert read(".".join(with_sign)) is None


@given(st.one_of(st.text(max_size=120), st.from_regex(r"v1\.k1(\.[A-Za-z0-9_=-]{0,30}){4}")))
def test_nonsense_is_read_as_nothing(text: str) -> None:
    found = read(text)
    assert found is None or not is_genuine(found, KEYS, NOW)
