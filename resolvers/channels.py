"""Verbs of the tree of channels and of its prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.access.permissions import CHANNELS_READ, CHANNELS_WRITE, PRICES_READ, PRICES_WRITE
from domain.channels import views
from domain.channels.grow import CreateChannel as CreateChannelCommand
from domain.channels.grow import MoveChannel, SetChannelStatus, UpdateChannel
from domain.channels.quotas import HoldsQuota
from domain.channels.refusals import (
    CodeTaken,
    FloorBroken,
    HoldsStock,
    MarginTooSmall,
    MovesIntoItself,
    TierTooHigh,
)
from domain.channels.set_price_rule import EndPriceRule, SetPriceRule
from domain.channels.set_visibility import SetVisibility
from domain.channels.tree import ChannelStatus
from domain.paging import PageRequest
from domain.selected import ALL, Selected
from schema.channels import (
    Channel,
    ChannelAccount,
    ChannelStatusInput,
    CreateChannelInput,
    EndPriceRuleInput,
    MoveChannelInput,
    ParentChannel,
    PriceRule,
    PriceStep,
    SetPriceRuleInput,
    SetVisibilityInput,
    UpdateChannelInput,
)
from schema.context import Context
from schema.ids import required
from schema.levels import level
from schema.money import MoneyInput
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.verbs import mutation, query

CHILDREN = "channels"
RULES = "price-rules"
Code = Annotated[str, strawberry.argument(description="The channel's code.")]


@query(requires=CHANNELS_READ)
async def channel(context: Context, code: Code, selected: Selected = ALL) -> Channel | None:
    """Your own channel or one below it, by its code."""
    found = await context.reads.channels.by_code(context.caller, code, selected)
    return shown(Channel, found)


@query(requires=PRICES_READ)
async def price_rules(
    context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> Connection[PriceRule] | None:
    """The rules and floors that your channel has set, the newest first."""
    request = PageRequest.of(first, after, last, before, RULES)
    found = await context.reads.channels.rules(context.caller, request, selected.nodes)
    return shown(Connection[PriceRule], found)


@level(Channel, "parent_id")
async def parent(channels: Sequence[views.ChannelView], context: Context) -> list[ParentChannel | None]:
    """Code and name of the channel above."""
    found = await context.reads.channels.labels_of_parents(channels)
    return shown(list[ParentChannel | None], found)


@level(Channel, "id")
async def children(
    channels: Sequence[views.ChannelView],
    context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    selected: Selected = ALL,
) -> list[Connection[Channel] | None]:
    """The channels right below."""
    request = PageRequest.of(first, after, last, before, CHILDREN)
    found = await context.reads.channels.children_of(channels, request, selected.nodes)
    return shown(list[Connection[Channel] | None], found)


@level(Channel, "id")
async def account(channels: Sequence[views.ChannelView], context: Context) -> list[ChannelAccount | None]:
    """The deposit."""
    found = await context.reads.channels.accounts_of(channels)
    return shown(list[ChannelAccount | None], found)


async def _channels(context: Context, ids: Sequence[Any], selected: Selected) -> Any:
    return await context.reads.channels.by_ids(context.caller, ids, selected)


def _channel_of_rule() -> None:
    @level(PriceRule, "channel_id", joined=True)
    async def channel(
        rules: Sequence[views.PriceRuleView], context: Context, selected: Selected = ALL
    ) -> list[Channel | None]:
        """The child that a rule is for."""
        ids = [rule.channel_id for rule in rules]
        return shown(list[Channel | None], await _channels(context, ids, selected))


def _channel_of_step() -> None:
    @level(PriceStep)
    async def channel(
        steps: Sequence[views.PriceStepView], context: Context, selected: Selected = ALL
    ) -> list[Channel | None]:
        """The channel that pays or asks."""
        ids = [step.channel_id for step in steps]
        return shown(list[Channel | None], await _channels(context, ids, selected))


_channel_of_rule()
_channel_of_step()


def _money(said: MoneyInput | None, at: str) -> Any:
    return None if said is None else said.value(at)


@mutation(requires=CHANNELS_WRITE, fails_with=(CodeTaken, TierTooHigh))
async def create_channel(context: Context, input: CreateChannelInput) -> Channel:
    """Open a channel below your own, or below one of those below it."""
    created = await context.perform(
        CreateChannelCommand(
            code=input.code,
            name=input.name,
            tier=input.tier,
            parent=input.parent,
            sells_as=input.sells_as,
            territory=input.territory,
            credit=_money(input.credit, "credit"),
        )
    )
    return shown(Channel, created)


@mutation(requires=CHANNELS_WRITE)
async def update_channel(context: Context, input: UpdateChannelInput) -> Channel:
    """Describe your channel, or one below it, anew."""
    updated = await context.perform(
        UpdateChannel(
            channel=input.channel,
            name=input.name,
            territory=input.territory,
            sells_as=input.sells_as,
            minimum_margin=_money(input.minimum_margin, "minimumMargin"),
        )
    )
    return shown(Channel, updated)


@mutation(
    requires=CHANNELS_WRITE,
    fails_with=(TierTooHigh, MovesIntoItself, HoldsStock, HoldsQuota, MarginTooSmall, FloorBroken),
)
async def move_channel(context: Context, input: MoveChannelInput) -> Channel:
    """Put a channel with all below it under another parent; its price rules from its old parent lapse."""
    moved = await context.perform(MoveChannel(channel=input.channel, parent=input.parent))
    return shown(Channel, moved)


@mutation(requires=CHANNELS_WRITE)
async def suspend_channel(context: Context, input: ChannelStatusInput) -> Channel:
    """Stop a channel and all below it from selling and signing in."""
    done = await context.perform(SetChannelStatus(input.channel, ChannelStatus.SUSPENDED))
    return shown(Channel, done)


@mutation(requires=CHANNELS_WRITE)
async def resume_channel(context: Context, input: ChannelStatusInput) -> Channel:
    """Let a suspended channel sell and sign in again."""
    done = await context.perform(SetChannelStatus(input.channel, ChannelStatus.ACTIVE))
    return shown(Channel, done)


@mutation(requires=PRICES_WRITE, fails_with=(MarginTooSmall, FloorBroken))
async def set_price_rule(context: Context, input: SetPriceRuleInput) -> PriceRule:
    """Set what children pay, what your buyers pay, or a floor; the same rule again is its next version."""
    kept = await context.perform(
        SetPriceRule(
            kind=input.kind,
            mode=input.mode,
            base=input.base,
            value=input.value,
            channel=input.channel,
            tier=input.tier,
            variant=input.variant,
            product=input.product,
            category=input.category,
            min_quantity=1 if input.min_quantity is None else input.min_quantity,
            valid_from=input.valid_from,
            valid_until=input.valid_until,
            action=input.action,
        )
    )
    return shown(PriceRule, kept)


@mutation(requires=PRICES_WRITE, fails_with=(MarginTooSmall, FloorBroken))
async def end_price_rule(context: Context, input: EndPriceRuleInput) -> PriceRule:
    """End one of your channel's rules; the next best one takes its place."""
    rule_id = required("prc", input.id, "price rule", "id")
    ended = await context.perform(EndPriceRule(rule_id))
    return shown(PriceRule, ended)


@mutation(requires=PRICES_WRITE, fails_with=(MarginTooSmall, FloorBroken))
async def set_visibility(context: Context, input: SetVisibilityInput) -> Channel:
    """Show or hide goods in your channel or one below it; what is hidden above stays hidden.

    Refused where what it shows would break a margin or a floor there or below.
    """
    changed = await context.perform(
        SetVisibility(input.channel, input.visible, input.variant, input.product, input.category)
    )
    return shown(Channel, changed)
