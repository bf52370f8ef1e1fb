"""The table of states is the specification's, every guard is read from it, and ended states stay."""

from __future__ import annotations

import itertools

import pytest

from domain.cards.states import (
    FINAL,
    FREE,
    HELD,
    TRANSITIONS,
    UNSOLD,
    USABLE,
    CardState,
    CardStep,
    ImpossibleStep,
    after,
    sources,
    target,
)
from persistence.cards.transitions import guard

S, E = CardState, CardStep

STORY = [
    (E.ENTER, S.IN_STOCK),
    (E.ALLOCATE, S.ALLOCATED),
    (E.ALLOCATE, S.ALLOCATED),
    (E.RESERVE, S.RESERVED),
    (E.SELL, S.SOLD),
    (E.DELIVER, S.DELIVERED),
    (E.REVEAL, S.REVEALED),
    (E.ACTIVATE, S.ACTIVATED),
    (E.BEGIN_REDEMPTION, S.REDEEMING),
    (E.REDEEM, S.REDEEMED),
]


def test_a_card_lives_from_import_to_redemption() -> None:
    state: CardState | None = None
    for step, expected in STORY:
        state = after(state, step)
        assert state is expected


def test_every_pair_outside_the_table_is_impossible() -> None:
    for state, step in itertools.product([None, *S], E):
        if (state, step) not in TRANSITIONS:
            with pytest.raises(ImpossibleStep):
                after(state, step, S.IN_STOCK)


def test_no_step_leaves_an_ended_state() -> None:
    assert {S.REDEEMED, S.VOIDED, S.EXPIRED} == FINAL
    assert not [pair for pair in TRANSITIONS if pair[0] in FINAL]


def test_every_state_is_reached_and_every_step_is_possible_somewhere() -> None:
    assert {to for to in TRANSITIONS.values() if to} == set(S)
    assert {step for _, step in TRANSITIONS} == set(E)


def test_steps_back_need_to_know_where() -> None:
    assert after(S.FROZEN, E.UNFREEZE, S.REVEALED) is S.REVEALED
    assert after(S.RESERVED, E.RELEASE, S.ALLOCATED) is S.ALLOCATED
    for step in (E.RELEASE, E.RECALL, E.UNFREEZE, E.FAIL_REDEMPTION, E.RESTOCK, E.KEEP):
        assert target(step) is None
        with pytest.raises(ImpossibleStep):
            after(CardState(sources(step)[0]), step)


@pytest.mark.parametrize("state", [*sorted(FINAL), S.REDEEMING])
def test_what_is_ended_or_being_used_is_neither_frozen_nor_expires(state: CardState) -> None:
    assert state.value not in sources(E.FREEZE)
    assert state.value not in sources(E.EXPIRE)


def test_guards_are_read_from_the_table() -> None:
    assert guard(E.RESERVE) == "c.state IN ('IN_STOCK', 'ALLOCATED')"
    assert set(sources(E.BEGIN_REDEMPTION)) == set(USABLE)
    assert set(sources(E.ASK_REFUND)) == set(HELD)
    assert set(sources(E.QUARANTINE)) == set(UNSOLD)
    assert set(sources(E.RESERVE)) == set(FREE)
