"""Cases with their figures, from the specification and from what other engines document."""

from domain.promotions.spreading import SpreadMode, fund, spread
from tests.promotions.stories import HQ, SHOP, P, judge, line, only, promotion, said


def test_a_threshold_of_50_over_lines_of_200_and_150() -> None:
    lines = [line(200), line(150, sku="B")]
    off = promotion("THRESHOLD", reaches_minor=300, off_minor=50)
    assert judge(lines, off).discounts == (28, 22)
    assert judge(lines, off, mode=SpreadMode.LARGEST_REMAINDER).discounts == (29, 21)
    assert judge(lines, off, mode=SpreadMode.REMAINDER_FIRST).discounts == (29, 21)


def test_what_a_line_at_its_floor_cannot_give_is_taken_off_the_others() -> None:
    off = promotion("THRESHOLD", reaches_minor=70, off_minor=20)
    assert judge([line(50, floor=45), line(20, sku="B")], off).discounts == (5, 15)


def test_half_off_with_a_cap_over_equal_goods_four_to_three() -> None:
    half = promotion("COUPON", off_bp=5_000, most_minor=70)
    assert judge([line(100, 4), line(100, 3, sku="B")], half).discounts == (40, 30)


def test_a_discount_of_15_paid_by_three() -> None:
    shares = {HQ: 8_000, P: 800, SHOP: 1_200}
    assert fund({0: 15}, shares) == {0: {HQ: 13, P: 1, SHOP: 1}}
    off = promotion("THRESHOLD", reaches_minor=100, off_minor=15, funding=shares)
    for mode in SpreadMode:
        assert judge([line(100)], off, mode=mode).shares == {HQ: 13, P: 1, SHOP: 1}


def test_what_rounding_leaves_is_paid_once_for_all_lines() -> None:
    halves = {P: 5_000, HQ: 5_000}
    assert fund({0: 1}, halves) == {0: {P: 1}}
    assert fund({0: 1, 1: 1, 2: 1}, halves) == {0: {P: 1}, 1: {P: 1}, 2: {HQ: 1}}
    assert fund({4: 5, 7: 7, 9: 2}, halves) == {4: {P: 3, HQ: 2}, 7: {P: 3, HQ: 4}, 9: {P: 1, HQ: 1}}
    thirds = {SHOP: 3_333, P: 3_333, HQ: 3_334}
    assert fund({0: 10, 1: 10, 2: 10}, thirds) == {
        0: {SHOP: 4, P: 3, HQ: 3},
        1: {SHOP: 4, P: 3, HQ: 3},
        2: {SHOP: 3, P: 3, HQ: 4},
    }
    assert fund({0: 2}, thirds) == {0: {SHOP: 2}}
    assert fund({0: 1, 1: 1}, {P: 9_999, SHOP: 1}) == {0: {P: 1}, 1: {P: 1}}
    assert fund({}, halves) == {}


def test_an_ancestors_floor_clamps_what_a_province_gives() -> None:
    """List 100, the province pays 80 and gives 10 off 100: with floor 85 it keeps 10, with floor 95 less."""
    off = promotion("THRESHOLD", reaches_minor=10_000, off_minor=1_000)
    allowed = judge([line(10_000, floor=8_500)], off)
    assert (allowed.minor, 10_000 - allowed.minor - 8_000) == (1_000, 1_000)
    clamped = judge([line(10_000, floor=9_500)], off)
    assert (clamped.minor, clamped.shares) == (500, {P: 500})


def test_the_sale_of_the_ledgers_example() -> None:
    off = promotion("THRESHOLD", reaches_minor=10_000, off_minor=1_000, funding={P: 6_000, HQ: 4_000})
    found = judge([line(10_000)], off)
    assert (found.minor, found.shares) == (1_000, {P: 600, HQ: 400})


def test_the_one_price_that_counts_is_the_lowest() -> None:
    flash = promotion("FLASH_SALE", "flash", prices={"A": 70}, stock=10, priority=1)
    member = promotion("MEMBER_PRICE", "member", pays_bp=9_500)
    found = judge([line(100), line(100, sku="B")], flash, member, customer_id=SHOP)
    assert said(found) == [("flash", 30), ("member", 5)]
    assert found.discounts == (30, 5)
    assert said(judge([line(100)], flash, member)) == [("flash", 30)]


def test_one_buyer_has_so_many_pieces_of_a_flash_sale() -> None:
    flash = promotion("FLASH_SALE", prices={"A": 70}, stock=10, per_buyer=2)
    assert judge([line(100, 2), line(100, 1)], flash).discounts == (60, 0)


def test_a_group_price_is_for_who_takes_a_seat() -> None:
    group = promotion("GROUP_BUY", prices={"A": 60})
    assert judge([line(100, 2)], group, customer_id=SHOP).minor == 0
    assert judge([line(100, 2)], group, customer_id=SHOP, group_of=group.id).minor == 80


def test_a_bundle_counts_complete_sets() -> None:
    box = promotion("BUNDLE_PRICE", components={"A": 2, "B": 1}, price_minor=250)
    found = judge([line(100, 5), line(80, 2, sku="B")], box)
    # Two sets cost 2 × 280 by themselves; 60 off in proportion to 400 : 160.
    assert found.discounts == (42, 18)
    assert judge([line(100, 1), line(80, 2, sku="B")], box).minor == 0


def test_a_gift_with_other_goods_and_with_the_same() -> None:
    figure = promotion("GIFT", gives={"B": 1}, buys=2, scope=only("A"))
    assert judge([line(100, 5), line(40, 3, sku="B")], figure).discounts == (0, 80)
    third = promotion("GIFT", gives={"A": 1}, buys=2)
    assert judge([line(100, 7)], third).discounts == (200,)
    once = promotion("GIFT", gives={"A": 1}, buys=2, most=1)
    assert judge([line(100, 7)], once).discounts == (100,)
    assert judge([line(100, 3, floor=30)], third).discounts == (100,)


def test_tiers_by_the_pieces_of_a_sku_or_of_all_together() -> None:
    each = promotion("QUANTITY_TIERS", tiers={"3": 1_000, "5": 2_000})
    assert judge([line(100, 3), line(100, 2, sku="B")], each).discounts == (30, 0)
    both = promotion("QUANTITY_TIERS", tiers={"3": 1_000, "5": 2_000}, together=True)
    assert judge([line(100, 3), line(100, 2, sku="B")], both).discounts == (60, 40)


def test_a_threshold_that_repeats() -> None:
    off = promotion("THRESHOLD", reaches_minor=100, off_minor=10, repeats=True)
    assert judge([line(350)], off).minor == 30
    assert judge([line(99)], off).minor == 0


def test_an_amount_is_spread_until_nobody_can_give_more() -> None:
    rooms = {1: 5, 2: 5, 3: 2}
    assert spread(100, {1: 10, 2: 20, 3: 30}, rooms, SpreadMode.REMAINDER_LAST) == {3: 2, 2: 5, 1: 5}
    assert spread(7, {1: 1, 2: 0}, {1: 9, 2: 9}, SpreadMode.REMAINDER_LAST) == {1: 7}
    assert spread(7, {}, {}, SpreadMode.REMAINDER_LAST) == {}
