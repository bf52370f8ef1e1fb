"""Laws of price resolution that hold whatever rules there are."""

from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.channels.offers import BELOW_FLOOR
from domain.channels.rules import FloorAction, Goods, PriceRule, RuleBook, RuleKind
from domain.channels.safeguards import Change, FloorBreak, MarginBreak, first_break
from domain.channels.tree import Family
from tests.channels.price_stories import HQ, NOW, PATH, SHOP, bundle, down, floor, goods, rule, solve

percent = st.integers(0, 150)
amount = st.integers(0, 100_000)


@given(st.tuples(percent, percent, percent), amount, amount, percent)
def test_a_clamped_price_is_never_below_the_floor(
    shares: tuple[int, int, int], list_minor: int, cost: int, low: int
) -> None:
    rules = [*down(*shares), floor(HQ, low, FloorAction.CLAMP), rule(SHOP, 90, kind=RuleKind.RETAIL)]
    found = solve(rules, goods(list_minor, cost))
    assert found.retail_minor is not None
    assert found.retail_minor >= found.floor_minor
    assert len(found.transfer_minor) == len(PATH)


@given(
    percent, st.lists(st.tuples(st.integers(1, 50_000), st.integers(1, 5)), min_size=1, max_size=5), amount
)
def test_one_rate_for_all_components_is_that_rate_for_the_bundle(
    share: int, parts: list[tuple[int, int]], list_minor: int
) -> None:
    box = bundle(list_minor, *((goods(one, 0), count) for one, count in parts))
    found = solve([rule(HQ, share)], box, path=[HQ, SHOP])
    listed = sum(one * count for one, count in parts)
    pieces = sum(count for _, count in parts)
    exact = list_minor * share / 100
    assert abs(found.transfer_minor[1] - exact) <= 0.5 + 0.5 * pieces * list_minor / listed


shape = st.tuples(st.integers(0, 2), st.integers(60, 120), st.booleans(), st.sampled_from(["P", "F", "R"]))


def made(said: tuple[int, int, bool, str], item: Goods) -> PriceRule:
    """A rule from a drawn description."""
    at, value, narrow, letter = said
    kind = {"P": RuleKind.PURCHASE, "F": RuleKind.FLOOR, "R": RuleKind.RETAIL}[letter]
    setter = PATH[at + 1] if kind is RuleKind.RETAIL else PATH[at]
    scope: UUID | None = item.variant_id if narrow else None
    action = FloorAction.BLOCK if kind is RuleKind.FLOOR else None
    return rule(setter, value, kind=kind, variant_id=scope, action=action)


@given(st.lists(shape, max_size=8), shape)
def test_what_the_safeguard_lets_pass_breaks_nothing_new(drawn: list[Any], last: Any) -> None:
    item = goods()
    before = [*down(75, 80, 85), *(made(one, item) for one in drawn)]
    new = made(last, item)
    head = next(at for at, place in enumerate(PATH) if place.channel_id == new.setter_id)
    family = Family(tuple(PATH[: head + 1]), {a.channel_id: [b] for a, b in pairwise(PATH)})
    change = Change(RuleBook(before, NOW), RuleBook([*before, new], NOW))
    found = first_break(change, family, [item], [*before, new])
    broken = _broken([*before, new], item) - _broken(before, item)
    if found is None:
        assert broken == set()
    elif isinstance(found, MarginBreak):
        assert ("margin", found.channel.channel_id) in _broken([*before, new], item)
    else:
        assert isinstance(found, FloorBreak)
        assert ("floor", found.channel.channel_id) in _broken([*before, new], item)


many = st.tuples(
    st.integers(0, 2), st.integers(70, 100), st.integers(1, 12), st.sampled_from(["part", "box", "all"])
)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4), st.lists(many, min_size=1, max_size=6))
def test_what_may_come_on_sale_breaks_nothing_at_any_quantity(count: int, drawn: list[Any]) -> None:
    part = goods()
    box = bundle(300_00, (part, count))
    scopes: dict[str, dict[str, Any]] = {
        "part": {"variant_id": part.variant_id},
        "box": {"variant_id": box.variant_id},
        "all": {},
    }
    more = [rule(PATH[at], value, min_quantity=least, **scopes[of]) for at, value, least, of in drawn]
    rules = [*down(75, 80, 85), *more]
    family = Family((HQ,), {a.channel_id: [b] for a, b in pairwise(PATH)})
    for item in (part, box):
        found = first_break(Change(None, RuleBook(rules, NOW)), family, [item], rules)
        broken = {one for n in range(1, 14) for one in _broken(rules, item, n)}
        assert (found is None) == (broken == set())


def test_a_bundle_buys_its_components_at_their_own_quantities() -> None:
    part = goods()
    box = bundle(300_00, (part, 3))
    mine: dict[str, Any] = {"variant_id": part.variant_id}
    its: dict[str, Any] = {"variant_id": box.variant_id}
    rules = [rule(HQ, 75, **mine), rule(HQ, 85, **mine, min_quantity=10),
             rule(PATH[1], 80, **its), rule(PATH[1], 90, **its, min_quantity=10)]  # fmt: skip
    family = Family((HQ,), {a.channel_id: [b] for a, b in pairwise(PATH[:3])})
    found = first_break(Change(None, RuleBook(rules, NOW)), family, [box], rules)
    # Four boxes are twelve pieces, which cost 85 % already, and are not yet sold at 90 %.
    assert isinstance(found, MarginBreak)
    assert (found.channel, found.pays_minor, found.least_minor) == (PATH[2], 240_00, 255_00)


def _broken(rules: list[PriceRule], item: Goods, quantity: int = 1) -> set[tuple[str, UUID]]:
    """What is broken, found the slow way: every channel's whole resolution."""
    found = set()
    for depth in range(1, len(PATH) + 1):
        at = solve(rules, item, quantity, path=PATH[:depth])
        if at.problem == BELOW_FLOOR:
            found.add(("floor", PATH[depth - 1].channel_id))
        if len(at.transfer_minor) > 1 and at.transfer_minor[-1] < at.transfer_minor[-2]:
            found.add(("margin", PATH[depth - 1].channel_id))
    return found
