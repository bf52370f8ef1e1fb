"""Setting price rules: versions, what is refused, and that a refusal has changed nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access.permissions import Role
from domain.channels.grow import UpdateChannel
from domain.channels.refusals import FloorBroken, MarginTooSmall
from domain.channels.rules import FloorAction, PriceBase, RuleKind, RuleMode
from domain.channels.set_price_rule import EndPriceRule, SetPriceRule
from domain.channels.tree import ChannelTier
from domain.money import Money
from domain.refusals import Forbidden, InvalidInput, NotFound
from tests.fixtures.market import Market

SKU = "TXV-VIP-1M"
SET = SetPriceRule(RuleKind.PURCHASE, RuleMode.PERCENT, PriceBase.LIST, "81", channel="gd", variant=SKU)


async def paid(market: Market, code: str, sku: str = SKU) -> int | None:
    """What a channel pays, in fen."""
    caller = market.agent(code)
    variant = await market.catalog.variant(caller, sku)
    assert variant is not None
    (money,) = await market.catalog.purchase_prices(caller, [variant], None)
    return None if money is None else money.minor


async def price(market: Market, code: str, sku: str = SKU) -> int | None:
    """What a buyer pays in a channel, in fen."""
    variant = await market.catalog.variant(market.storefront(code), sku)
    assert variant is not None
    return None if variant.price is None else variant.price.minor


async def test_a_rule_is_in_force_as_soon_as_it_is_set(market: Market) -> None:
    assert await paid(market, "gd") == 20_00
    rule = await market.perform(SET, market.agent("hq"))
    assert (rule.version, rule.value, rule.mode, rule.base) == (1, "81", "PERCENT", "LIST")
    assert await paid(market, "gd") == 20_25
    assert await paid(market, "zj") == 20_00


async def test_the_same_rule_again_is_its_next_version_and_history_stays(market: Market) -> None:
    first = await market.perform(SET, market.agent("hq"))
    second = await market.perform(replace(SET, value="82.5"), market.agent("hq"))
    assert (second.id, second.version, second.value) == (first.id, 2, "82.5")
    other = await market.perform(replace(SET, min_quantity=10), market.agent("hq"))
    assert other.id != first.id
    history = """SELECT array_agg((rule->>'value')::int ORDER BY version) FROM price_rule_version
                 WHERE price_rule_id = $1"""
    assert await market.value(history, first.id) == [81_00, 82_50]


async def test_a_price_below_the_parents_is_refused_with_sku_and_figures(market: Market) -> None:
    with pytest.raises(MarginTooSmall) as refused:
        await market.perform(replace(SET, value="79", channel="gd-gz"), market.agent("gd"))
    assert (refused.value.sku, refused.value.channel) == (SKU, "gd-gz")
    assert (refused.value.pays, refused.value.least) == ("19.75", "20.00")
    assert await paid(market, "gd-gz") == 21_25


async def test_a_rule_for_all_children_is_right_for_those_that_come_later(market: Market) -> None:
    # every child of gd-sz has a rule of its own, so nobody pays this price yet
    for tier in (None, ChannelTier.SHOP):
        rule = replace(SET, channel=None, tier=tier, value="83")
        with pytest.raises(MarginTooSmall) as refused:
            await market.perform(rule, market.agent("gd-sz"))
        assert (refused.value.pays, refused.value.least) == ("20.75", "21.00")
        assert "gd-sz" in refused.value.channel
        await market.perform(replace(rule, value="86"), market.agent("gd-sz"))
    with pytest.raises(MarginTooSmall):
        await market.perform(replace(SET, value="86.5", channel="gd-sz"), market.agent("gd"))


async def test_a_price_that_rises_above_a_childs_is_refused_from_above(market: Market) -> None:
    before = await market.value("SELECT epoch FROM price_epoch")
    with pytest.raises(MarginTooSmall) as refused:
        await market.perform(replace(SET, value="84.5"), market.agent("hq"))
    # gd-sz pays 84 % of 25.00
    assert (refused.value.channel, refused.value.pays) == ("gd-sz", "21.00")
    assert await market.value("SELECT epoch FROM price_epoch") == before
    assert await paid(market, "gd") == 20_00


async def test_the_suppliers_price_is_named_only_to_those_who_may_read_it(market: Market) -> None:
    cheap = replace(SET, value="60")
    with pytest.raises(MarginTooSmall) as refused:
        await market.perform(cheap, market.agent("hq", Role.SALES))
    assert "17.50" not in refused.value.message
    with pytest.raises(MarginTooSmall) as refused:
        await market.perform(cheap, market.agent("hq"))
    assert refused.value.least == "17.50"


async def test_a_minimum_margin_is_inherited_and_kept(market: Market) -> None:
    await market.perform(UpdateChannel("gd", minimum_margin=Money(1_00)), market.agent("gd"))
    with pytest.raises(MarginTooSmall):
        await market.perform(replace(SET, value="83", channel="gd-gz"), market.agent("gd"))
    await market.perform(replace(SET, value="84", channel="gd-gz"), market.agent("gd"))
    with pytest.raises(MarginTooSmall):
        await market.perform(replace(SET, value="87", channel="gd-gz-live01"), market.agent("gd-gz"))


async def test_retail_prices_are_the_channels_own_and_stop_at_the_floor(market: Market) -> None:
    shop = market.agent("gd-sz-mini01")
    retail = SetPriceRule(RuleKind.RETAIL, RuleMode.FIXED, PriceBase.LIST, "24.00", variant=SKU)
    await market.perform(retail, shop)
    assert await price(market, "gd-sz-mini01") == 24_00
    assert await price(market, "gd-sz-media01") == 25_00
    with pytest.raises(FloorBroken) as refused:
        await market.perform(replace(retail, value="22.99"), shop)
    assert (refused.value.price, refused.value.floor) == ("22.99", "23.00")
    assert await price(market, "gd-sz-mini01") == 24_00


async def test_a_floor_that_a_shop_below_undercuts_is_refused_unless_it_clamps(market: Market) -> None:
    retail = SetPriceRule(RuleKind.RETAIL, RuleMode.FIXED, PriceBase.LIST, "24.00", variant=SKU)
    await market.perform(retail, market.agent("gd-sz-mini01"))
    narrow = SetPriceRule(RuleKind.FLOOR, RuleMode.PERCENT, PriceBase.LIST, "98", channel="gd", variant=SKU)
    with pytest.raises(FloorBroken) as refused:
        await market.perform(narrow, market.agent("hq"))
    assert (refused.value.channel, refused.value.price, refused.value.floor) == (
        "gd-sz-mini01",
        "24.00",
        "24.50",
    )
    await market.perform(replace(narrow, action=FloorAction.CLAMP), market.agent("hq"))
    assert await price(market, "gd-sz-mini01") == 24_50


async def test_ending_a_rule_brings_the_next_best_back(market: Market) -> None:
    rule = await market.perform(SET, market.agent("hq"))
    ended = await market.perform(EndPriceRule(rule.id), market.agent("hq"))
    assert ended.ended_at is not None
    assert await paid(market, "gd") == 20_00
    with pytest.raises(NotFound):
        await market.perform(EndPriceRule(rule.id), market.agent("hq"))
    again = await market.perform(SET, market.agent("hq"))
    assert again.id != rule.id


async def test_anothers_rule_is_not_found(market: Market) -> None:
    rule = await market.perform(SET, market.agent("hq"))
    for code in ("gd", "zj"):
        with pytest.raises(NotFound):
            await market.perform(EndPriceRule(rule.id), market.agent(code))


@pytest.mark.parametrize("target", ["hq", "gd", "gd-gz-live01", "zj", "zj-hz", "nobody", "", "gd\0"])
async def test_only_ones_own_children_are_targets(market: Market, target: str) -> None:
    with pytest.raises(NotFound) as refused:
        await market.perform(replace(SET, channel=target), market.agent("gd"))
    assert refused.value.field == ["channel"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"value": "80.001"}, "value"),
        ({"value": "-1"}, "value"),
        ({"value": "八十"}, "value"),
        ({"value": "8" * 40}, "value"),
        ({"mode": RuleMode.FIXED, "value": "1.005"}, "value"),
        ({"product": "tencent-video-vip"}, "variant"),
        ({"tier": ChannelTier.CITY}, "tier"),
        ({"channel": None, "tier": ChannelTier.HEADQUARTERS}, "tier"),
        ({"kind": RuleKind.RETAIL}, "channel"),
        ({"min_quantity": 0}, "minQuantity"),
        ({"kind": RuleKind.FLOOR, "min_quantity": 2}, "minQuantity"),
        ({"action": FloorAction.CLAMP}, "action"),
    ],
)
async def test_a_misshapen_rule_names_its_field(market: Market, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await market.perform(replace(SET, **change), market.agent("hq"))
    assert refused.value.field == [field]


async def test_a_rule_of_the_cost_is_for_those_who_may_read_it(market: Market) -> None:
    of_cost = replace(SET, base=PriceBase.COST, value="120")
    with pytest.raises(InvalidInput):
        await market.perform(replace(of_cost, channel="gd-gz"), market.agent("gd"))
    with pytest.raises(InvalidInput):
        await market.perform(of_cost, market.agent("hq", Role.SALES))
    await market.perform(replace(of_cost, value="115"), market.agent("hq"))
    assert await paid(market, "gd") == 20_13  # 17.50 × 1.15 = 20.125


async def test_a_rule_for_later_is_checked_for_that_time(market: Market) -> None:
    now = await market.value("SELECT now()")
    later = replace(SET, value="60", valid_from=now + timedelta(days=1), valid_until=now + timedelta(days=2))
    with pytest.raises(MarginTooSmall):
        await market.perform(later, market.agent("hq"))
    await market.perform(replace(later, value="81"), market.agent("hq"))
    assert await paid(market, "gd") == 20_00


async def test_who_may_not_write_prices_may_not(market: Market) -> None:
    with pytest.raises(Forbidden):
        await market.perform(SET, market.agent("hq", Role.FINANCE))
    with pytest.raises(Forbidden):
        await market.perform(SET, market.storefront("gd-sz-mini01"))
