"""What can be paid back, by kind and by how far it came: pure, and to the fen."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.cards.states import CardState
from domain.catalog.fulfilment import Goods
from domain.orders.refunds.refusals import ComponentNotRefundable, NothingRefundable
from domain.orders.refunds.rules import ASKED_BACK, UNDECIDED, WAITS, Target, chosen, due, refundable
from domain.orders.refunds.standing import AttemptFact, CardFact, EntitlementFact, ParcelFact, PartFacts
from domain.orders.refunds.states import (
    OPEN,
    TRANSITIONS,
    ImpossibleRefundStep,
    RefundState,
    RefundStep,
    after,
    status_of_order,
)
from domain.orders.status import PartStatus, RefundStatus
from domain.orders.views import ShipmentStatus
from domain.refusals import NotFound
from domain.supply.states import AttemptState

S, A, P = CardState, AttemptState, ShipmentStatus


def part(kind: str, quantity: int = 1, paid: int = 1000, **facts: Any) -> PartFacts:
    said: dict[str, Any] = {"id": uuid4(), "line_id": uuid4(), "sku": kind, "settings": {}} | facts
    return PartFacts(kind=kind, quantity=quantity, status=PartStatus.FULFILLED, allocated_minor=paid, **said)


def cards(*states: CardState, seen: bool = False, minted: bool = False, before: Any = None) -> Any:
    return tuple(CardFact(uuid4(), state, before, seen, minted) for state in states)


def parcel(status: ShipmentStatus, quantity: int = 1) -> ParcelFact:
    return ParcelFact(status, quantity)


def told(one: PartFacts) -> tuple[int, int, Goods, bool]:
    found = refundable(one)
    return found.units, found.amount_minor, found.goods, found.review


def test_cards_go_back_while_nobody_has_seen_them_and_used_ones_are_not_paid_back() -> None:
    back, void = Goods.BACK_TO_STOCK, Goods.VOID_AT_ISSUER_FIRST
    three = (S.DELIVERED, S.DELIVERED, S.DELIVERED)
    assert told(part("CARD_KEY", 3, cards=cards(*three))) == (3, 1000, back, False)
    assert told(part("LINK", 1, cards=cards(S.REVEALED, seen=True))) == (1, 1000, void, True)
    ours = cards(S.REVEALED, seen=True, minted=True)
    assert told(part("CARD_KEY", 1, cards=ours)) == (1, 1000, void, False)
    one_used = part("CARD_KEY", 3, cards=cards(S.REDEEMED, S.DELIVERED, S.DELIVERED))
    assert told(one_used) == (2, 667, back, False)
    for state in (S.REDEEMED, S.EXPIRED):
        gone = refundable(part("CARD_KEY", 1, cards=cards(state)))
        assert (gone.amount_minor, gone.refused) == (0, "All of it was used.")


@pytest.mark.parametrize("state", [S.REDEEMING, S.FROZEN])
def test_a_card_that_is_being_used_or_looked_into_is_not_paid_back_yet(state: CardState) -> None:
    assert refundable(part("CARD_KEY", 1, cards=cards(state))).refused == UNDECIDED
    assert told(part("CARD_KEY", 2, cards=cards(state, S.DELIVERED)))[:2] == (1, 500)


def test_a_frozen_card_that_is_asked_back_already_is_not_counted_twice() -> None:
    frozen = cards(S.FROZEN, before=S.REFUND_PENDING)
    held = part("CARD_KEY", 2, cards=frozen + cards(S.DELIVERED), asked_units=1, asked_minor=500)
    assert told(held)[:2] == (1, 500)


def test_of_a_top_up_what_was_not_charged_is_paid_back_and_silence_never() -> None:
    attempts = (AttemptFact(A.FAILED, 5000, None),)
    assert told(part("DIRECT_TOPUP", paid=4800, attempts=attempts)) == (5000, 4800, Goods.NOTHING, False)
    half = (AttemptFact(A.PARTIAL, 5000, 2500),)
    assert told(part("DIRECT_TOPUP", paid=4801, attempts=half))[:2] == (2500, 2401)
    assert told(part("DIRECT_TOPUP", attempts=(AttemptFact(A.REVERSED, 5000, None),)))[1] == 1000
    for state in (A.CREATED, A.SENT, A.ACCEPTED, A.UNKNOWN):
        silent = part("DIRECT_TOPUP", attempts=(AttemptFact(state, 5000, None),))
        assert refundable(silent).refused == UNDECIDED
    done = refundable(part("DIRECT_TOPUP", attempts=(AttemptFact(A.SUCCEEDED, 5000, None),)))
    assert (done.units, done.refused) == (0, "All of it was credited.")
    mixed = (
        AttemptFact(A.FAILED, None, None),
        AttemptFact(A.UNKNOWN, None, None),
        AttemptFact(A.SUCCEEDED, None, None),
    )
    assert told(part("DIRECT_TOPUP", 3, 1000, attempts=mixed))[:2] == (1, 333)


def test_a_parcel_is_paid_back_before_it_leaves_or_when_it_is_back() -> None:
    back = (1, 1000, Goods.BACK_TO_STOCK, False)
    assert told(part("PHYSICAL", shipments=(parcel(P.AWAITING_SHIPMENT),))) == back
    for gone in (P.SHIPPED, P.DELIVERED):
        assert refundable(part("PHYSICAL", shipments=(parcel(gone),))).refused == "Send it back first."
    assert told(part("PHYSICAL", 2, shipments=(parcel(P.RETURNED, 2),))) == (2, 1000, Goods.RETURNED, False)


def test_of_a_metered_right_the_unused_units_are_paid_back_while_it_lasts() -> None:
    right = EntitlementFact(100, 40, None)
    assert told(part("METERED", paid=1001, entitlements=(right,))) == (60, 601, Goods.VOIDED, False)
    assert told(part("METERED", paid=1001, entitlements=(right,), asked_units=60, asked_minor=601))[:2] == (
        0,
        0,
    )
    over = part("METERED", entitlements=(EntitlementFact(100, 40, _at(1)),), now=_at(2))
    assert refundable(over).refused == "All of it was consumed."


def _at(day: int) -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 11, day, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["CARD_KEY", "DIRECT_TOPUP", "PHYSICAL", "METERED"])
def test_what_waits_for_other_buyers_is_paid_back_by_ourselves_alone(kind: str) -> None:
    waiting = part(kind, 2, cards=cards(S.RESERVED, S.RESERVED) if kind == "CARD_KEY" else ())
    assert refundable(waiting).refused == WAITS
    ours = refundable(waiting, by_ourselves=True)
    assert (ours.units, ours.amount_minor, ours.refused) == (2, 1000, None)


def test_however_a_part_is_divided_its_refunds_sum_to_what_was_paid() -> None:
    for paid, whole in itertools.product((0, 1, 7, 100, 999, 1000), (1, 3, 7)):
        for pieces in itertools.product(range(3), repeat=whole):
            asked_units = asked = 0
            for units in pieces:
                units = min(units, whole - asked_units)
                amount = due(
                    part("METERED", paid=paid, asked_units=asked_units, asked_minor=asked), units, whole
                )
                assert amount >= 0
                asked_units, asked = asked_units + units, asked + amount
            assert asked <= paid
            assert (asked == paid) or asked_units < whole


def test_what_is_named_is_taken_and_what_cannot_be_is_left_out_or_refused() -> None:
    bundle = uuid4()
    fresh = part("CARD_KEY", sku="A", line_id=bundle, cards=cards(S.DELIVERED))
    used = part("LINK", sku="B", line_id=bundle, cards=cards(S.REDEEMED))
    other = part("CARD_KEY", sku="C", cards=cards(S.DELIVERED))
    parts = [fresh, used, other]

    def ids(*targets: Target) -> set[UUID]:
        return {one.part_id for one in chosen(parts, targets)}

    assert ids() == {fresh.id, other.id}
    assert ids(Target(bundle)) == {fresh.id}
    assert ids(Target(bundle, "A"), Target(other.line_id)) == {fresh.id, other.id}
    with pytest.raises(ComponentNotRefundable) as refused:
        ids(Target(bundle, "B"), Target(bundle, "A"))
    assert refused.value.message == "B cannot be paid back. All of it was used."
    for unknown in (Target(uuid4()), Target(bundle, "C")):
        with pytest.raises(NotFound):
            ids(unknown)
    with pytest.raises(NothingRefundable) as nothing:
        chosen([part("CARD_KEY", asked_units=1, asked_minor=1000)], ())
    assert nothing.value.reason == ASKED_BACK


def test_a_refund_that_is_paid_back_or_rejected_stays_so_and_an_approved_one_is_never_rejected() -> None:
    ended = {RefundState.SUCCEEDED, RefundState.REJECTED, RefundState.WITHDRAWN}
    assert {state for state in RefundState if state not in OPEN} == ended
    assert not [pair for pair in TRANSITIONS if pair[0] in ended]
    assert {state for (state, step) in TRANSITIONS if step is RefundStep.REJECT} == {RefundState.REQUESTED}
    assert after(RefundState.APPROVED, RefundStep.SUCCEED) is RefundState.SUCCEEDED
    with pytest.raises(ImpossibleRefundStep):
        after(RefundState.SUCCEEDED, RefundStep.REJECT)


def test_an_order_says_how_much_of_its_money_went_back() -> None:
    assert status_of_order(1000, 0, is_open=False, ever=False) is RefundStatus.NONE
    assert status_of_order(1000, 400, is_open=True, ever=True) is RefundStatus.PENDING
    assert status_of_order(1000, 400, is_open=False, ever=True) is RefundStatus.PARTIALLY_REFUNDED
    assert status_of_order(1000, 1000, is_open=False, ever=True) is RefundStatus.REFUNDED
