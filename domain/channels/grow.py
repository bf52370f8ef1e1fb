"""The tree grows and changes: channels are founded, created, moved, suspended and described."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from domain.access import permissions
from domain.access.callers import Caller, CallerKind
from domain.channels.checks import refuse_newcomers
from domain.channels.events import SUSPENDED, ChannelChanged
from domain.channels.quotas import HoldsQuota
from domain.channels.refusals import CodeTaken, HoldsStock, MovesIntoItself, TierTooHigh
from domain.channels.tree import (
    CODE,
    MINIMUM_MARGIN,
    ChannelNode,
    ChannelStatus,
    ChannelTier,
    Family,
    SellsAs,
    places,
    stands_below,
)
from domain.channels.views import ChannelView
from domain.commands import Command, handles
from domain.ids import new_id
from domain.ledger.cash import opened
from domain.money import Money
from domain.refusals import Forbidden, InvalidInput, NotFound
from domain.work import UnitOfWork

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class FoundHeadquarters(Command):
    """Plant the root of the tree; only our own set-up does so."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class CreateChannel(Command):
    """Open a channel below one of the caller's subtree; `deposit` is what its account starts with."""

    requires: ClassVar[str | None] = permissions.CHANNELS_WRITE

    code: str
    name: str
    tier: ChannelTier
    parent: str
    sells_as: SellsAs | None = None
    territory: str | None = None
    credit: Money | None = None
    deposit: Money | None = None


@dataclass(frozen=True, slots=True)
class MoveChannel(Command):
    """Put a channel, with all below it, under another parent of the caller's subtree."""

    requires: ClassVar[str | None] = permissions.CHANNELS_WRITE

    channel: str
    parent: str


@dataclass(frozen=True, slots=True)
class SetChannelStatus(Command):
    """Suspend a channel with all below it, or resume it."""

    requires: ClassVar[str | None] = permissions.CHANNELS_WRITE

    channel: str
    status: ChannelStatus


@dataclass(frozen=True, slots=True)
class UpdateChannel(Command):
    """Describe the caller's channel or one below it anew; what is None stays as it is."""

    requires: ClassVar[str | None] = permissions.CHANNELS_WRITE

    channel: str
    name: str | None = None
    territory: str | None = None
    sells_as: SellsAs | None = None
    minimum_margin: Money | None = None


@handles(FoundHeadquarters)
async def found_headquarters(command: FoundHeadquarters, caller: Caller, work: UnitOfWork) -> ChannelView:
    """Plant the root."""
    if caller.kind is not CallerKind.SYSTEM:
        raise Forbidden(permissions.CHANNELS_WRITE)
    await work.prices.begin_change()
    own = new_id()
    node = ChannelNode(own, command.code, command.name, ChannelTier.HEADQUARTERS, None, (own,))
    return await _add(node, None, None, caller, work)


@handles(CreateChannel)
async def create_channel(command: CreateChannel, caller: Caller, work: UnitOfWork) -> ChannelView:
    """Open a channel, with an account of its own."""
    if not CODE.fullmatch(command.code):
        raise InvalidInput(
            "A code has 1 to 32 of a-z, 0-9 and -, and neither begins nor ends with -.", "code"
        )
    name = said(command.name, "name")
    await work.prices.begin_change()
    parent = await named(work, caller, command.parent, "parent")
    if not stands_below(command.tier, parent.tier):
        raise TierTooHigh(command.tier.value, parent.tier.value)
    own = new_id()
    node = ChannelNode(
        own,
        command.code,
        name,
        command.tier,
        parent.id,
        (*parent.path, own),
        sells_as=command.sells_as,
        territory=None if command.territory is None else said(command.territory, "territory"),
    )
    return await _add(node, command.credit, command.deposit, caller, work)


async def _add(
    node: ChannelNode, credit: Money | None, deposit: Money | None, caller: Caller, work: UnitOfWork
) -> ChannelView:
    if not await work.tree.add(node):
        raise CodeTaken(node.code)
    said = credit or deposit or Money(0)
    await work.ledger.open_deposit(node.id, credit.minor if credit else 0, said.currency)
    if deposit is not None:
        await work.ledger.post(opened(node.id, deposit.minor, deposit.currency), caller)
    _tell(node, "created", work)
    return ChannelView.of(node)


@handles(MoveChannel)
async def move_channel(command: MoveChannel, caller: Caller, work: UnitOfWork) -> ChannelView:
    """Move a subtree; refused where its prices would break a margin or a floor in its new place."""
    await work.prices.begin_change()
    node = await below(work, caller, command.channel, "channel")
    parent = await named(work, caller, command.parent, "parent")
    if parent.is_within(node.id):
        raise MovesIntoItself(node.code)
    if not stands_below(node.tier, parent.tier):
        raise TierTooHigh(node.tier.value, parent.tier.value)
    held = await work.tree.unsold_stock(node.id)
    if held is not None:
        raise HoldsStock(*held)
    capped = await work.tree.sales_quota(node.id)
    if capped is not None:
        raise HoldsQuota(*capped)
    moved = replace(node, parent_id=parent.id, path=(*parent.path, node.id))
    await _check_move(moved, caller, work)
    await work.tree.move(node, parent)
    _tell(moved, "moved", work)
    return ChannelView.of(moved)


async def _check_move(moved: ChannelNode, caller: Caller, work: UnitOfWork) -> None:
    path = places([*await work.tree.path_of(moved.path[-2]), moved])
    rules = {rule.id: rule for rule in await work.prices.rules_around(moved.path[-2])}
    rules |= {rule.id: rule for rule in await work.prices.rules_around(moved.id)}
    family = Family(path, (await work.tree.family(moved.id)).children)
    goods = await work.prices.visible_goods(moved.path[-2])
    refuse_newcomers(family, goods, list(rules.values()), work.now, caller, "parent")


@handles(SetChannelStatus)
async def set_channel_status(command: SetChannelStatus, caller: Caller, work: UnitOfWork) -> ChannelView:
    """Suspend or resume a channel below the caller's own; twice is as good as once."""
    await work.prices.begin_change()
    node = replace(await below(work, caller, command.channel, "channel"), status=command.status)
    await work.tree.keep(node)
    _tell(node, SUSPENDED if command.status is ChannelStatus.SUSPENDED else "resumed", work)
    return ChannelView.of(node)


@handles(UpdateChannel)
async def update_channel(command: UpdateChannel, caller: Caller, work: UnitOfWork) -> ChannelView:
    """Keep a new name, territory, way of selling or minimum margin."""
    await work.prices.begin_change()
    node = await named(work, caller, command.channel, "channel")
    settings = dict(node.settings)
    if command.minimum_margin is not None:
        settings[MINIMUM_MARGIN] = command.minimum_margin.minor
    node = replace(
        node,
        name=node.name if command.name is None else said(command.name, "name"),
        territory=node.territory if command.territory is None else said(command.territory, "territory"),
        sells_as=command.sells_as or node.sells_as,
        settings=settings,
    )
    await work.tree.keep(node)
    _tell(node, "described", work)
    return ChannelView.of(node)


async def named(work: UnitOfWork, caller: Caller, code: str, at: str) -> ChannelNode:
    """The caller's own channel or one below it; NotFound naming the input `at`."""
    node = await work.tree.in_scope(caller, code)
    if node is None:
        raise NotFound("channel", at)
    return node


async def below(work: UnitOfWork, caller: Caller, code: str, at: str) -> ChannelNode:
    """A channel below the caller's own, which only those above may move or suspend."""
    node = await named(work, caller, code, at)
    if node.id == caller.channel:
        raise InvalidInput("Only a channel below your own can be moved or suspended.", at)
    return node


def said(text: str, at: str, longest: int = LONGEST_NAME) -> str:
    """A name without outer spaces; InvalidInput when it is empty, too long or holds control characters."""
    text = text.strip()
    if not 0 < len(text) <= longest or not text.isprintable():
        raise InvalidInput(f"This has 1 to {longest} printable characters.", at)
    return text


def _tell(node: ChannelNode, change: str, work: UnitOfWork) -> None:
    work.record(ChannelChanged(aggregate_id=node.id, channel_id=node.id, change=change, code=node.code))
