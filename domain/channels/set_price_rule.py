"""Setting and ending price rules and floors, checked down the whole tree before they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.access import permissions
from domain.access.callers import Caller, CallerKind
from domain.channels.checks import knows_costs, refuse_breaks
from domain.channels.events import PriceRuleChanged
from domain.channels.rules import (
    RATES,
    FloorAction,
    PriceBase,
    PriceRule,
    RuleBook,
    RuleKind,
    RuleMode,
)
from domain.channels.safeguards import Change, moments_of
from domain.channels.tree import ChannelTier
from domain.channels.views import PriceRuleView
from domain.commands import Command, handles
from domain.ids import new_id
from domain.money import Money
from domain.refusals import InvalidInput, NotFound
from domain.work import UnitOfWork

_RATE = re.compile(r"(\d{1,5})(?:\.(\d{1,2}))?")
_MOST_QUANTITY = 1_000_000


@dataclass(frozen=True, slots=True)
class SetPriceRule(Command):
    """Set a rule for a child, a tier or all children, or the caller's own retail prices.

    Setting the same target, scope, kind, quantity and validity again makes a new version of the same rule.
    """

    requires: ClassVar[str | None] = permissions.PRICES_WRITE

    kind: RuleKind
    mode: RuleMode
    base: PriceBase
    value: str
    channel: str | None = None
    tier: ChannelTier | None = None
    variant: str | None = None
    product: str | None = None
    category: str | None = None
    min_quantity: int = 1
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    action: FloorAction | None = None


@dataclass(frozen=True, slots=True)
class EndPriceRule(Command):
    """End one of the caller's own rules; the next best one takes its place."""

    requires: ClassVar[str | None] = permissions.PRICES_WRITE

    rule_id: UUID


@handles(SetPriceRule)
async def set_price_rule(command: SetPriceRule, caller: Caller, work: UnitOfWork) -> PriceRuleView:
    """Keep the rule, unless it breaks a margin or a floor anywhere below."""
    value = _value(command)
    _check_shape(command, caller)
    await work.prices.begin_change()
    wanted = await _rule_of(command, value, caller, work)
    known = await work.prices.like(wanted)
    if known is not None:
        wanted = replace(wanted, id=known.id, version=known.version + 1)
    await _check(known, wanted, caller, work)
    set_by = caller.subject_id if caller.kind is CallerKind.AGENT else None
    kept = await work.prices.keep(wanted, set_by)
    _tell(kept, "set", work)
    return PriceRuleView.of(kept)


@handles(EndPriceRule)
async def end_price_rule(command: EndPriceRule, caller: Caller, work: UnitOfWork) -> PriceRuleView:
    """End the rule, unless what takes its place breaks a margin or a floor below."""
    await work.prices.begin_change()
    rule = await work.prices.rule(caller.channel, command.rule_id)
    if rule is None:
        raise NotFound("price rule", "id")
    await _check(rule, None, caller, work)
    ended = await work.prices.end(rule)
    _tell(rule, "ended", work)
    return PriceRuleView.of(rule, ended)


def _check_shape(command: SetPriceRule, caller: Caller) -> None:
    """What can be said of a rule without looking anything up."""
    if sum(one is not None for one in (command.variant, command.product, command.category)) > 1:
        raise InvalidInput("A rule is for one variant, one product, one category or everything.", "variant")
    if command.channel is not None and command.tier is not None:
        raise InvalidInput("A rule is for one channel or for one tier, not for both.", "tier")
    if command.kind is RuleKind.RETAIL and (command.channel is not None or command.tier is not None):
        raise InvalidInput(
            "A channel sets retail prices for itself only.", "channel" if command.channel else "tier"
        )
    if command.tier is ChannelTier.HEADQUARTERS:
        raise InvalidInput("No child is a headquarters.", "tier")
    if not 1 <= command.min_quantity <= _MOST_QUANTITY:
        raise InvalidInput(f"A minimum quantity is 1 to {_MOST_QUANTITY}.", "minQuantity")
    if command.kind is RuleKind.FLOOR and command.min_quantity != 1:
        raise InvalidInput("A floor holds for every quantity.", "minQuantity")
    if command.kind is not RuleKind.FLOOR and command.action is not None:
        raise InvalidInput("Only a floor has an action.", "action")
    if command.valid_from and command.valid_until and command.valid_from >= command.valid_until:
        raise InvalidInput("A rule ends after it begins.", "validUntil")
    of_cost = command.base is PriceBase.COST or (
        command.base is PriceBase.PARENT_PURCHASE and caller.at_headquarters
    )
    if command.mode is not RuleMode.FIXED and of_cost and not knows_costs(caller):
        raise InvalidInput("A rule of the supplier's price is set by those who may read it.", "base")


def _value(command: SetPriceRule) -> int:
    """Basis points of a percentage, or minor units of an amount."""
    text = command.value.strip()
    if command.mode in RATES:
        found = _RATE.fullmatch(text)
        if found is None:
            raise InvalidInput("A percentage is written as 80 or 98.75, with at most 2 decimals.", "value")
        return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    try:
        amount = Money.parse(text)
    except ValueError as problem:
        raise InvalidInput(str(problem), "value") from None
    if amount.minor < 0:
        raise InvalidInput("This amount cannot be negative.", "value")
    return amount.minor


async def _rule_of(command: SetPriceRule, value: int, caller: Caller, work: UnitOfWork) -> PriceRule:
    """The rule with its names looked up; what the caller cannot see is not found."""
    target = None
    if command.channel is not None:
        child = await work.tree.in_scope(caller, command.channel)
        if child is None or child.parent_id != caller.channel:
            raise NotFound("child channel", "channel")
        target = child.id
    scope = await work.prices.scope(caller.channel, command.variant, command.product, command.category)
    if scope is None:
        at = "variant" if command.variant else "product" if command.product else "category"
        raise NotFound(at, at)
    action = (command.action or FloorAction.BLOCK) if command.kind is RuleKind.FLOOR else None
    return PriceRule(
        new_id(),
        caller.channel,
        command.kind,
        command.mode,
        command.base,
        value,
        target,
        command.tier.value if command.tier else None,
        scope.variant_id,
        scope.product_id,
        scope.category_id,
        action,
        command.min_quantity,
        command.valid_from,
        command.valid_until,
        changed_at=work.now,
    )


async def _check(old: PriceRule | None, new: PriceRule | None, caller: Caller, work: UnitOfWork) -> None:
    """Compare the prices below before and after, at every moment that makes a difference."""
    rules = await work.prices.rules_around(caller.channel)
    others = [rule for rule in rules if old is None or rule.id != old.id]
    after = others if new is None else [*others, new]
    family = await work.tree.family(caller.channel)
    goods = await work.prices.visible_goods(caller.channel)
    spoken_of = new or old
    if spoken_of is not None:
        goods = [
            one
            for one in goods
            if spoken_of.covers(one) or any(spoken_of.covers(part) for part, _ in one.parts)
        ]
    since = spoken_of.valid_from if spoken_of else None
    until = spoken_of.valid_until if spoken_of else None
    for moment in moments_of(work.now, after, since, until):
        change = Change(RuleBook(rules, moment), RuleBook(after, moment))
        refuse_breaks(change, family, goods, after, caller)


def _tell(rule: PriceRule, change: str, work: UnitOfWork) -> None:
    work.record(
        PriceRuleChanged(aggregate_id=rule.id, channel_id=rule.setter_id, change=change, version=rule.version)
    )
