"""The tree of channels: who may open, move, suspend and see which of them."""

from dataclasses import replace

import pytest

from domain.channels.grow import CreateChannel, MoveChannel, SetChannelStatus
from domain.channels.refusals import CodeTaken, MarginTooSmall, MovesIntoItself, TierTooHigh
from domain.channels.rules import PriceBase, RuleKind, RuleMode
from domain.channels.set_price_rule import SetPriceRule
from domain.channels.tree import ChannelStatus, ChannelTier
from domain.money import Money
from domain.paging import PageRequest
from domain.refusals import InvalidInput, NotFound
from persistence.work import Work
from tests.fixtures.market import Market

OPEN = CreateChannel("gd-fs", "佛山市代", ChannelTier.CITY, "gd", credit=Money(5_000_00))


async def test_a_channel_opens_with_an_account(market: Market) -> None:
    opened = await market.perform(OPEN, market.agent("gd"))
    assert opened.path == (*market.channels["gd"].path, opened.id)
    (account,) = await market.reads.accounts_of([opened])
    assert account is not None
    assert (account.balance.minor, account.credit.minor, account.available.minor) == (0, 5_000_00, 5_000_00)


async def test_it_sells_nothing_before_its_parent_has_set_a_price(market: Market) -> None:
    opened = await market.perform(OPEN, market.agent("gd"))
    market.channels["gd-fs"] = opened
    variant = await market.catalog.variant(market.storefront("gd-fs"), "TXV-VIP-1M")
    assert variant is not None
    assert variant.price is None
    assert await market.catalog.stock_of(market.storefront("gd-fs"), [variant]) == [0]


@pytest.mark.parametrize("parent", ["hq", "zj", "zj-hz", "nobody"])
async def test_a_parent_out_of_scope_is_as_one_never_issued(market: Market, parent: str) -> None:
    with pytest.raises(NotFound) as refused:
        await market.perform(replace(OPEN, parent=parent), market.agent("gd"))
    assert refused.value.message == "There is no such channel."


async def test_a_tier_never_stands_above_its_parents(market: Market) -> None:
    for tier, parent in ((ChannelTier.HEADQUARTERS, "gd"), (ChannelTier.PROVINCE, "gd-gz")):
        with pytest.raises(TierTooHigh):
            await market.perform(replace(OPEN, tier=tier, parent=parent), market.agent("gd"))


async def test_channels_of_one_tier_nest_to_any_depth(market: Market) -> None:
    parent = "gd-gz"
    for depth in range(6):
        code = f"gd-deep{depth}"
        nested = replace(OPEN, code=code, tier=ChannelTier.CITY, parent=parent)
        await market.perform(nested, market.agent("gd"))
        parent = code
    shop = await market.reads.by_code(market.agent("gd"), parent)
    assert shop is not None
    assert len(shop.path) == 3 + 6


@pytest.mark.parametrize("code", ["", "GD", "gd_1", "-gd", "gd-", "g" * 33, "gd\0", "广东"])
async def test_a_code_is_plain(market: Market, code: str) -> None:
    with pytest.raises(InvalidInput):
        await market.perform(replace(OPEN, code=code), market.agent("gd"))


async def test_a_code_is_given_once(market: Market) -> None:
    with pytest.raises(CodeTaken):
        await market.perform(replace(OPEN, code="zj"), market.agent("gd"))
    assert await market.value("SELECT count(*) FROM channel") == 20


async def test_a_move_takes_the_whole_subtree_and_stops_old_prices(market: Market) -> None:
    moved = await market.perform(MoveChannel("gd-sz", "zj"), market.agent("hq"))
    assert moved.path == (*market.channels["zj"].path, moved.id)
    shop = await market.reads.by_code(market.agent("hq"), "gd-sz-mini01")
    assert shop is not None
    assert shop.path == (*moved.path, shop.id)
    assert await market.reads.by_code(market.agent("gd"), "gd-sz") is None
    assert await market.reads.by_code(market.agent("zj"), "gd-sz-mini01") is not None
    market.channels["gd-sz-mini01"] = shop
    variant = await market.catalog.variant(market.storefront("gd-sz-mini01"), "TXV-VIP-1M")
    assert variant is not None
    assert variant.price is None


async def test_a_move_that_breaks_a_margin_is_refused(market: Market) -> None:
    for_all = SetPriceRule(
        RuleKind.PURCHASE, RuleMode.PERCENT, PriceBase.LIST, "95", tier=ChannelTier.CITY, category="music"
    )
    await market.perform(for_all, market.agent("zj"))
    with pytest.raises(MarginTooSmall) as refused:
        await market.perform(MoveChannel("gd-sz", "zj"), market.agent("hq"))
    assert refused.value.channel in ("gd-sz-mini01", "gd-sz-media01")
    assert await market.reads.by_code(market.agent("gd"), "gd-sz") is not None


async def test_moves_make_no_cycles(market: Market) -> None:
    for parent in ("gd", "gd-sz", "gd-sz-mini01"):
        with pytest.raises(MovesIntoItself):
            await market.perform(MoveChannel("gd", parent), market.agent("hq"))


async def test_both_ends_of_a_move_are_in_scope(market: Market) -> None:
    for channel, parent in (("zj-hz", "gd"), ("gd-sz", "zj"), ("gd-sz", "hq")):
        with pytest.raises(NotFound):
            await market.perform(MoveChannel(channel, parent), market.agent("gd"))
    with pytest.raises(InvalidInput):
        await market.perform(MoveChannel("gd", "gd"), market.agent("gd"))


async def test_a_suspended_channel_and_all_below_sell_nothing(market: Market) -> None:
    await market.perform(SetChannelStatus("gd", ChannelStatus.SUSPENDED), market.agent("hq"))
    shop = market.channels["gd-sz-mini01"]
    async with market.database.transaction() as connection:
        work = Work(connection, market.tools, "test")
        offer = (await work.prices.offers(shop.id, {"TXV-VIP-1M": 1}))["TXV-VIP-1M"]
        assert (offer.retail_minor, offer.problem, offer.transfer_minor) == (None, "NOT_SELLABLE", ())
        assert [await work.tree.is_active(market.channels[c].id) for c in ("gd-sz-mini01", "gd", "zj")] == [
            False, False, True,
        ]  # fmt: skip
    await market.perform(SetChannelStatus("gd", ChannelStatus.ACTIVE), market.agent("hq"))
    variant = await market.catalog.variant(market.storefront("gd-sz-mini01"), "TXV-VIP-1M")
    assert variant is not None
    assert variant.price == Money(25_00)


async def test_nobody_suspends_its_own_channel(market: Market) -> None:
    with pytest.raises(InvalidInput):
        await market.perform(SetChannelStatus("gd", ChannelStatus.SUSPENDED), market.agent("gd"))


async def test_children_are_paged_both_ways_for_many_parents_at_once(market: Market) -> None:
    parents = [market.channels[code] for code in ("hq", "gd", "gd-sz-mini01")]
    pages = await market.reads.children_of(parents, PageRequest(limit=2))
    assert [[edge.node.code for edge in page.edges] for page in pages] == [
        ["bj", "gd"],
        ["gd-gz", "gd-sz"],
        [],
    ]
    assert [page.page_info.has_next_page for page in pages] == [True, False, False]
    assert [await page.count() for page in pages] == [5, 2, 0]
    end = pages[0].page_info.end_cursor
    after = PageRequest.of(2, end, None, None, "channels")
    (more,) = await market.reads.children_of(parents[:1], after)
    assert [edge.node.code for edge in more.edges] == ["js", "sc"]
    back = PageRequest.of(None, None, 2, more.page_info.start_cursor, "channels")
    (again,) = await market.reads.children_of(parents[:1], back)
    assert [edge.node.code for edge in again.edges] == ["bj", "gd"]


async def test_ids_out_of_scope_are_nothing(market: Market) -> None:
    ids = [market.channels[code].id for code in ("gd-sz", "gd", "hq", "zj", "gd-gz")]
    found = await market.reads.by_ids(market.agent("gd-sz"), [*ids, None])
    assert [None if one is None else one.code for one in found] == ["gd-sz", None, None, None, None, None]
