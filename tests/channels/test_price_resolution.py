"""Price resolution by itself: the examples of the specification, worked by hand."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.channels.offers import BELOW_FLOOR, NEEDS_REVIEW, NOT_SELLABLE
from domain.channels.pricing import resolve
from domain.channels.rules import FloorAction, PriceBase, PriceRule, RuleBook, RuleKind, RuleMode
from tests.channels.price_stories import (
    CITY,
    HQ,
    MUSIC,
    NOW,
    PROVINCE,
    SHOP,
    VIDEO,
    bundle,
    down,
    floor,
    goods,
    rule,
    solve,
)


def test_each_step_pays_its_share_of_the_list_price() -> None:
    found = solve(down(80, 88, 93), goods())
    assert found.transfer_minor == (70_00, 80_00, 88_00, 93_00)
    assert (found.retail_minor, found.floor_minor, found.problem) == (100_00, 0, None)
    assert [(s.kind, s.amount_minor) for s in found.steps] == [
        ("COST", 70_00), ("PURCHASE", 80_00), ("PURCHASE", 88_00), ("PURCHASE", 93_00), ("RETAIL", 100_00),
    ]  # fmt: skip


def test_the_trace_names_rules_and_versions() -> None:
    rules = [*down(80, 88), rule(CITY, 93, version=7)]
    found = solve(rules, goods())
    assert [(s.rule_id, s.version) for s in found.steps][1:] == [
        (rules[0].id, 1), (rules[1].id, 1), (rules[2].id, 7), (None, None),
    ]  # fmt: skip


def test_headquarters_sells_at_the_list_price_and_pays_the_cost() -> None:
    found = solve([], goods(), path=[HQ])
    assert (found.transfer_minor, found.retail_minor) == ((70_00,), 100_00)


def test_a_missing_rule_means_not_sellable_there_and_below_and_never_cost() -> None:
    found = solve([rule(HQ, 80), rule(CITY, 93)], goods())
    assert (found.transfer_minor, found.retail_minor, found.problem) == ((), None, NOT_SELLABLE)


@pytest.mark.parametrize(
    ("list_minor", "percent_bp", "paid"), [(1, 5000, 1), (3, 5000, 2), (1, 4999, 0), (2_525, 9_880, 2_495)]
)
def test_rounding_is_half_up(list_minor: int, percent_bp: int, paid: int) -> None:
    exact = PriceRule(uuid4(), HQ.channel_id, RuleKind.PURCHASE, RuleMode.PERCENT, PriceBase.LIST, percent_bp)
    assert solve([exact], goods(list_minor, 0), path=[HQ, SHOP]).transfer_minor[1] == paid


@pytest.mark.parametrize(
    ("mode", "base", "value", "paid"),
    [
        (RuleMode.FIXED, PriceBase.LIST, 91_00, 91_00),
        (RuleMode.PERCENT, PriceBase.FACE, 90, 108_00),
        (RuleMode.PERCENT, PriceBase.COST, 120, 84_00),
        (RuleMode.MARKUP_AMOUNT, PriceBase.PARENT_PURCHASE, 5_00, 85_00),
        (RuleMode.MARKUP_PERCENT, PriceBase.PARENT_PURCHASE, 10, 88_00),
        (RuleMode.MARKUP_AMOUNT, PriceBase.COST, 3_33, 73_33),
    ],
)
def test_every_mode_speaks_of_its_base(mode: RuleMode, base: PriceBase, value: int, paid: int) -> None:
    rules = [rule(HQ, 80), rule(PROVINCE, value, mode, base=base)]
    item = goods(face_minor=120_00)
    assert solve(rules, item, path=[HQ, PROVINCE, CITY]).transfer_minor == (70_00, 80_00, paid)


def test_a_rule_whose_base_the_goods_lack_leaves_the_place_to_the_next() -> None:
    item = goods()
    rules = [rule(HQ, 80), rule(HQ, 98, base=PriceBase.FACE, variant_id=item.variant_id)]
    assert solve(rules, item, path=[HQ, SHOP]).transfer_minor == (70_00, 80_00)


def test_the_target_counts_before_the_scope_the_quantity_and_the_age() -> None:
    item = goods()
    ladder = [
        rule(HQ, 99, changed_at=NOW),
        rule(HQ, 98, category_id=VIDEO),
        rule(HQ, 97, product_id=item.product_id),
        rule(HQ, 96, variant_id=item.variant_id),
        rule(HQ, 95, target_tier="PROVINCE"),
        rule(HQ, 94, target_tier="PROVINCE", variant_id=item.variant_id),
        rule(HQ, 93, target_channel_id=PROVINCE.channel_id),
        rule(HQ, 92, target_channel_id=PROVINCE.channel_id, category_id=VIDEO),
        rule(HQ, 91, target_channel_id=PROVINCE.channel_id, category_id=VIDEO, min_quantity=5),
        rule(
            HQ, 90, target_channel_id=PROVINCE.channel_id, category_id=VIDEO, min_quantity=5, changed_at=NOW
        ),
    ]
    for count in range(1, len(ladder) + 1):
        found = solve(ladder[:count], item, 5, [HQ, PROVINCE])
        assert found.transfer_minor[1] == (100 - count) * 100


def test_a_minimum_quantity_is_a_minimum() -> None:
    rules = [rule(HQ, 80), rule(HQ, 75, min_quantity=10)]
    assert [solve(rules, goods(), q, [HQ, SHOP]).transfer_minor[1] for q in (1, 9, 10, 11)] == [
        80_00, 80_00, 75_00, 75_00,
    ]  # fmt: skip


def test_a_rule_holds_from_its_beginning_to_before_its_end() -> None:
    hour = timedelta(hours=1)
    rules = [
        rule(HQ, 80),
        rule(HQ, 75, min_quantity=1, valid_from=NOW, valid_until=NOW + hour, changed_at=NOW),
    ]
    prices = [
        resolve([HQ, SHOP], goods(), 1, RuleBook(rules, at)).transfer_minor[1]
        for at in (NOW - hour, NOW, NOW + hour - timedelta(microseconds=1), NOW + hour)
    ]
    assert prices == [80_00, 75_00, 75_00, 80_00]


def test_rules_for_others_do_not_count() -> None:
    rules = [
        *down(80, 88, 93),
        rule(HQ, 10, target_channel_id=CITY.channel_id),
        rule(HQ, 10, target_tier="SHOP"),
    ]
    rules.append(rule(HQ, 10, category_id=MUSIC))
    assert solve(rules, goods()).transfer_minor == (70_00, 80_00, 88_00, 93_00)


def test_retail_is_the_sellers_own_rule() -> None:
    rules = [*down(80, 88, 93), rule(SHOP, 97, kind=RuleKind.RETAIL), rule(CITY, 50, kind=RuleKind.RETAIL)]
    assert solve(rules, goods()).retail_minor == 97_00


def test_the_floor_is_the_highest_of_all_ancestors_each_by_its_most_specific() -> None:
    rules = [
        *down(80, 88, 93),
        floor(HQ, 95),
        floor(HQ, 85, category_id=VIDEO),
        floor(PROVINCE, 90),
        floor(CITY, 89),
    ]
    assert solve(rules, goods()).floor_minor == 90_00


def test_a_floor_set_for_one_child_holds_in_its_subtree_only() -> None:
    rules = [*down(80, 88, 93), floor(HQ, 95, target_channel_id=uuid4()), floor(SHOP, 99)]
    assert solve(rules, goods()).floor_minor == 0


@pytest.mark.parametrize(
    ("action", "price", "problem"),
    [
        (FloorAction.CLAMP, 95_00, None),
        (FloorAction.BLOCK, 90_00, BELOW_FLOOR),
        (FloorAction.REVIEW, 90_00, NEEDS_REVIEW),
    ],
)
def test_below_the_floor(action: FloorAction, price: int, problem: str | None) -> None:
    rules = [*down(80, 85, 88), rule(SHOP, 90, kind=RuleKind.RETAIL), floor(PROVINCE, 95, action)]
    found = solve(rules, goods())
    assert (found.retail_minor, found.floor_minor, found.problem) == (price, 95_00, problem)


def test_of_two_equal_floors_the_stricter_acts() -> None:
    rules = [*down(80, 85, 88), rule(SHOP, 90, kind=RuleKind.RETAIL)]
    rules += [floor(HQ, 95, FloorAction.CLAMP), floor(CITY, 95, FloorAction.BLOCK)]
    assert solve(rules, goods()).problem == BELOW_FLOOR


def test_a_bundle_is_priced_by_its_components() -> None:
    film, song = goods(30_00, 20_01, category=VIDEO), goods(15_00, 9_99, category=MUSIC)
    box = bundle(52_00, (film, 1), (song, 2))
    rules = [rule(HQ, 80), rule(HQ, 92, category_id=MUSIC), floor(HQ, 90), floor(HQ, 96, category_id=MUSIC)]
    found = solve(rules, box, path=[HQ, SHOP])
    # (2001 + 2 × 999) × 5200 / 6000 = 3465.8; (2400 + 2 × 1380) × 5200 / 6000 = 4472
    assert found.transfer_minor == (34_66, 44_72)
    assert found.parts == ((20_01, 24_00), (9_99, 13_80))
    # (2700 + 2 × 1440) × 5200 / 6000
    assert (found.retail_minor, found.floor_minor) == (52_00, 48_36)


def test_a_rule_that_names_a_bundle_prices_it_and_wider_ones_do_not() -> None:
    box = bundle(50_00, (goods(30_00, 20_00), 1), (goods(30_00, 20_00), 1))
    wide = rule(HQ, 10, category_id=box.category_id)
    assert solve([rule(HQ, 80), wide], box, path=[HQ, SHOP]).transfer_minor[1] == 40_00
    named = rule(HQ, 90, product_id=box.product_id)
    assert solve([rule(HQ, 80), wide, named], box, path=[HQ, SHOP]).transfer_minor[1] == 45_00


def test_a_bundle_with_a_component_that_is_not_sellable_is_not_either() -> None:
    box = bundle(50_00, (goods(30_00, 20_00), 1), (goods(30_00, 20_00, category=MUSIC), 1))
    only_video = rule(HQ, 80, category_id=VIDEO)
    assert solve([only_video], box, path=[HQ, SHOP]).problem == NOT_SELLABLE
    named = rule(HQ, 90, variant_id=box.variant_id)
    assert solve([only_video, named], box, path=[HQ, SHOP]).transfer_minor[1] == 45_00


def test_a_bundles_quantity_counts_for_its_components() -> None:
    box = bundle(60_00, (goods(30_00, 10_00), 2))
    rules = [rule(HQ, 80), rule(HQ, 70, min_quantity=4)]
    assert [solve(rules, box, q, [HQ, SHOP]).transfer_minor[1] for q in (1, 2)] == [48_00, 42_00]
