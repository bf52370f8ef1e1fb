"""Which promotions are applied, in which order, and what keeps them off one another."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.promotions.scope import Scope, Usage
from tests.promotions.stories import (
    HQ,
    NOON,
    SHOP,
    P,
    judge,
    line,
    named,
    only,
    outcomes,
    promotion,
    said,
    shown,
)

OFF: dict[str, Any] = {"reaches_minor": 50, "off_minor": 10}


def test_prices_then_lines_then_thresholds_then_coupons() -> None:
    found = judge(
        [line(200, 3)],
        promotion("COUPON", "coupon", off_bp=5_000),
        promotion("THRESHOLD", "threshold", reaches_minor=400, off_minor=5),
        promotion("QUANTITY_TIERS", "tiers", tiers={"3": 1_000}),
        promotion("MEMBER_PRICE", "member", prices={"A": 150}),
        customer_id=SHOP,
    )
    # 600 → 450 → 405 → 400 → 200
    assert said(found) == [("member", 150), ("tiers", 45), ("threshold", 5), ("coupon", 200)]
    assert found.discounts == (400,)


def test_within_a_phase_exclusive_then_priority_then_the_nearest_to_the_root() -> None:
    by_shop = promotion("THRESHOLD", "shop", owner=SHOP, priority=1, **OFF)
    by_hq = promotion("THRESHOLD", "hq", owner=HQ, **OFF)
    by_p = promotion("THRESHOLD", "p", owner=P, **OFF)
    assert [name for name, _ in said(judge([line(200)], by_p, by_hq, by_shop))] == ["shop", "hq", "p"]
    alone = promotion("THRESHOLD", "alone", owner=SHOP, exclusive=True, **OFF)
    found = judge([line(200)], by_p, by_hq, alone)
    assert said(found) == [("alone", 10)]
    assert outcomes(found) == {"alone": "APPLIED", "hq": "EXCLUDED", "p": "EXCLUDED"}


def test_what_is_exclusive_keeps_others_off_its_own_lines_and_phase_only() -> None:
    found = judge(
        [line(200), line(100, sku="B")],
        promotion("THRESHOLD", "alone", exclusive=True, scope=only("A"), **OFF),
        promotion("THRESHOLD", "other", **OFF),
        promotion("COUPON", "coupon", off_minor=3, scope=only("A")),
    )
    assert said(found) == [("alone", 10), ("other", 10), ("coupon", 3)]
    assert found.discounts == (13, 10)


def test_what_is_exclusive_and_gives_nothing_keeps_nobody_off() -> None:
    far = promotion("THRESHOLD", "far", exclusive=True, reaches_minor=999, off_minor=10)
    found = judge([line(200)], far, promotion("THRESHOLD", "near", **OFF))
    assert outcomes(found) == {"far": "CONDITION_UNMET", "near": "APPLIED"}


def test_of_a_stack_group_one_is_applied_to_a_line() -> None:
    first = promotion("QUANTITY_TIERS", "tiers", tiers={"1": 1_000}, stack_group="s", scope=only("A"))
    second = promotion("THRESHOLD", "threshold", stack_group="s", **OFF)
    found = judge([line(200), line(100, sku="B")], first, second)
    assert found.discounts == (20, 10)


def test_the_best_combination_of_coupons() -> None:
    ten = promotion("COUPON", "ten", off_minor=10, priority=1)
    half = promotion("COUPON", "half", off_bp=5_000, stack_group="s")
    alone = promotion("COUPON", "alone", off_minor=55, exclusive=True, stack_group="s")
    found = judge([line(100)], ten, half, alone)
    # 10 then half of 90 is 55 as well: the one coupon is chosen.
    assert said(found) == [("alone", 55)]
    assert outcomes(found) == {"alone": "APPLIED", "ten": "NOT_CHOSEN", "half": "NOT_CHOSEN"}
    better = judge([line(102)], ten, half, alone)
    assert said(better) == [("ten", 10), ("half", 46)]


def test_one_coupon_of_a_promotion_for_a_line() -> None:
    off = promotion("COUPON", "off", off_minor=10)
    twice = (*shown(off), *(shown(off)))
    assert judge([line(100)], off, coupons=twice).discounts == (10,)


def test_codes_that_give_nothing_are_told_from_those_that_were_not_needed() -> None:
    good = promotion("COUPON", "good", off_minor=10, stack_group="s")
    lesser = promotion("COUPON", "lesser", off_minor=5, stack_group="s")
    useless = promotion("COUPON", "useless", off_minor=5, scope=only("B"))
    found = judge([line(100)], good, lesser, useless)
    assert found.unused(["good", "lesser", "useless", "unknown"]) == ["useless", "unknown"]


def test_a_promotion_without_its_code_is_not_given() -> None:
    assert judge([line(100)], promotion("COUPON", off_minor=5), coupons=()).trace == ()


def test_what_narrows_a_promotion() -> None:
    def given(scope: Scope, **more: Any) -> int:
        return judge([line(200)], promotion("THRESHOLD", scope=scope, **OFF), **more).minor

    other = UUID(int=77)
    wide, night = Scope(), Scope(from_minute=22 * 60, until_minute=6 * 60, days=frozenset({6}))
    assert given(wide) == 10
    assert given(Scope(channels=frozenset({P, other}))) == 10
    assert given(Scope(channels=frozenset({other}))) == 0
    assert (given(Scope(tiers=frozenset({"SHOP"}))), given(Scope(tiers=frozenset({"CITY"})))) == (10, 0)
    assert (given(Scope(categories=frozenset({named("C")}))), given(only("B"))) == (10, 0)
    vip = Scope(segments=frozenset({"VIP"}))
    assert (given(vip), given(vip, segments=frozenset({"VIP", "X"}))) == (0, 10)
    first = Scope(first_order=True)
    assert (given(first), given(first, first_order=True)) == (0, 10)
    assert (given(Scope(days=frozenset({6}))), given(Scope(days=frozenset({7})))) == (10, 0)
    assert (given(Scope(from_minute=720)), given(Scope(until_minute=720))) == (10, 0)
    # From Saturday 22:00 to Sunday 6:00.
    hours = {hour: given(night, now=NOON + timedelta(hours=hour - 12)) for hour in (0, 5, 22, 29, 30, 46)}
    assert hours == {0: 0, 5: 0, 22: 10, 29: 10, 30: 0, 46: 0}


def test_a_promotion_has_a_beginning_and_an_end_and_a_subtree() -> None:
    timed = promotion("THRESHOLD", starts_at=NOON, ends_at=NOON + timedelta(minutes=1), **OFF)
    at = {
        minute: judge([line(200)], timed, now=NOON + timedelta(minutes=minute)).minor for minute in (-1, 0, 1)
    }
    assert at == {-1: 0, 0: 10, 1: 0}
    assert judge([line(200)], promotion("THRESHOLD", owner=UUID(int=99), **OFF)).minor == 0


def test_what_is_used_up_is_not_given() -> None:
    off = promotion("THRESHOLD", **OFF)
    assert judge([line(200)], off, left={off.id: Usage(orders=0)}).minor == 0
    assert judge([line(200)], off, left={off.id: Usage(minor=9)}).minor == 0
    found = judge([line(200)], off, left={off.id: Usage(orders=1, minor=10)})
    assert (found.minor, outcomes(found)) == (10, {"p": "APPLIED"})


def test_what_floors_leave_nothing_of_is_said_so() -> None:
    found = judge([line(200, floor=200)], promotion("THRESHOLD", **OFF))
    assert outcomes(found) == {"p": "AT_THE_FLOOR"}
