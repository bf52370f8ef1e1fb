"""Laws that hold whatever promotions meet in a basket."""

from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money import FULL_BP
from domain.promotions.evaluate import Evaluation
from domain.promotions.promotion import Phase, Promotion
from domain.promotions.spreading import SpreadMode, divide, fund, spread
from tests.promotions.stories import HQ, SHOP, P, judge, line, only, promotion

modes = st.sampled_from(SpreadMode)
amount = st.integers(1, 20_000)
skus = st.sampled_from("ABC")
lines = st.lists(
    st.builds(line, st.integers(0, 20_000), st.integers(1, 9), st.integers(0, 25_000), skus),
    min_size=1,
    max_size=6,
)


@st.composite
def fundings(draw: st.DrawFn) -> dict[UUID, int]:
    cuts = sorted(draw(st.lists(st.integers(0, FULL_BP), max_size=2)))
    ends = [0, *cuts, FULL_BP]
    return {who: b - a for who, a, b in zip((P, HQ, SHOP), ends, ends[1:], strict=False) if b > a}


rate = st.integers(1, FULL_BP)
pieces = st.integers(1, 9)
prices = st.dictionaries(skus, amount, min_size=1)
SETTINGS: list[tuple[str, dict[str, st.SearchStrategy[Any]]]] = [
    ("THRESHOLD", {"reaches_minor": st.just(20_000), "off_minor": amount, "repeats": st.booleans()}),
    ("COUPON", {"off_minor": amount, "reaches_minor": amount}),
    ("COUPON", {"off_bp": rate, "most_minor": amount}),
    ("FLASH_SALE", {"prices": prices, "stock": st.just(9), "per_buyer": pieces}),
    ("GROUP_BUY", {"prices": prices}),
    ("MEMBER_PRICE", {"pays_bp": st.integers(0, FULL_BP - 1)}),
    ("QUANTITY_TIERS", {
        "tiers": st.dictionaries(st.sampled_from(["1", "3", "9"]), rate, min_size=1),
        "together": st.booleans(),
    }),
    ("BUNDLE_PRICE", {
        "components": st.dictionaries(skus, st.integers(2, 4), min_size=1), "price_minor": amount,
    }),
    ("GIFT", {"gives": st.dictionaries(skus, st.integers(1, 3), min_size=1), "buys": st.integers(1, 3)}),
]  # fmt: skip
kinds = st.one_of([st.tuples(st.just(code), st.fixed_dictionaries(said)) for code, said in SETTINGS])


@st.composite
def promotions(draw: st.DrawFn) -> list[Promotion]:
    found: list[Promotion] = []
    for number in range(draw(st.integers(0, 6))):
        code, said = draw(kinds)
        more: dict[str, Any] = {
            "owner": draw(st.sampled_from([HQ, P, SHOP])),
            "funding": draw(fundings()),
            "priority": draw(st.integers(0, 2)),
            "exclusive": draw(st.booleans()),
            "stack_group": draw(st.sampled_from([None, None, "s", "t"])),
            "scope": draw(st.sampled_from([only(), only(), only("A"), only("A", "B")])),
        }
        found.append(promotion(code, f"p{number}", **more, **said))
    coupons = [one for one in found if one.kind.by_code]
    return [one for one in found if not one.kind.by_code or coupons.index(one) < 5]


def judged(basket: list[Any], offered: list[Promotion], mode: SpreadMode) -> Evaluation:
    group = next((one.id for one in offered if one.kind.by_seat), None)
    return judge(basket, *offered, mode=mode, customer_id=SHOP, group_of=group)


@settings(deadline=None, max_examples=150)
@given(lines, promotions(), modes)
def test_nothing_is_sold_below_a_floor_and_every_unit_is_paid_by_somebody(
    basket: list[Any], offered: list[Promotion], mode: SpreadMode
) -> None:
    found = judged(basket, offered, mode)
    for at, (one, off) in enumerate(zip(basket, found.discounts, strict=True)):
        assert off >= 0
        if off:
            assert one.total_minor - off >= one.floor_minor * one.quantity
        assert off == sum(adjustment.lines.get(at, 0) for adjustment in found.adjustments)
    for adjustment in found.adjustments:
        assert adjustment.minor > 0
        assert sum(adjustment.funders.values()) == adjustment.minor
        assert set(adjustment.funders) <= set(adjustment.promotion.funding)
        for at, minor in adjustment.lines.items():
            assert sum(adjustment.shares[at].values()) == minor > 0
            assert all(share > 0 for share in adjustment.shares[at].values())
    assert sum(found.shares.values()) == found.minor


@settings(deadline=None, max_examples=100)
@given(lines, promotions(), modes)
def test_what_may_not_meet_does_not_meet(
    basket: list[Any], offered: list[Promotion], mode: SpreadMode
) -> None:
    found = judged(basket, offered, mode)
    for at in range(len(basket)):
        here = [one.promotion for one in found.adjustments if at in one.lines]
        groups = [one.stack_group for one in here if one.stack_group]
        assert len(groups) == len(set(groups))
        assert sum(one.phase is Phase.PRICE for one in here) <= 1
        for phase in Phase:
            mine = [one for one in here if one.phase is phase]
            assert len(mine) == 1 or not any(one.exclusive for one in mine)


@settings(deadline=None, max_examples=60)
@given(lines, promotions(), modes)
def test_another_coupon_never_costs_the_buyer_anything(
    basket: list[Any], offered: list[Promotion], mode: SpreadMode
) -> None:
    coupons = [one for one in offered if one.kind.by_code]
    for left_out in coupons:
        fewer = [one for one in offered if one is not left_out]
        assert judged(basket, fewer, mode).minor <= judged(basket, offered, mode).minor


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=8), modes)
def test_parts_sum_to_the_whole(minor: int, weights: list[int], mode: SpreadMode) -> None:
    parts = divide(minor, weights, mode)
    assert sum(parts) == (minor if any(weights) else 0)
    assert all(part >= 0 for part in parts)
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10**5)), min_size=1, max_size=8),
    modes,
)
def test_what_is_spread_is_all_there_is_room_for(
    minor: int, drawn: list[tuple[int, int]], mode: SpreadMode
) -> None:
    weights = {at: weight for at, (weight, _) in enumerate(drawn)}
    rooms = {at: room for at, (_, room) in enumerate(drawn)}
    found = spread(minor, weights, rooms, mode)
    assert sum(found.values()) == min(minor, sum(rooms[at] for at, weight in weights.items() if weight))
    assert all(0 < part <= rooms[at] for at, part in found.items())


few = st.integers(0, 12)


@st.composite
def many_fundings(draw: st.DrawFn) -> dict[int, int]:
    cuts = sorted(draw(st.sets(st.integers(1, FULL_BP - 1), max_size=9)))
    return {at: b - a for at, (a, b) in enumerate(zip([0, *cuts], [*cuts, FULL_BP], strict=True))}


@settings(deadline=None, max_examples=300)
@given(st.lists(few | st.integers(0, 10**6), max_size=12), many_fundings())
def test_who_is_named_first_pays_what_rounding_leaves_of_the_whole(
    minor: list[int], rates: dict[int, int]
) -> None:
    lines = dict(enumerate(minor))
    paid = fund(lines, rates)
    assert {at: sum(parts.values()) for at, parts in paid.items()} == lines
    assert all(part > 0 for parts in paid.values() for part in parts.values())
    owed = {who: sum(minor) * bp // FULL_BP for who, bp in rates.items()}
    owed[min(owed)] += sum(minor) - sum(owed.values())
    assert {who: sum(parts.get(who, 0) for parts in paid.values()) for who in rates} == owed
