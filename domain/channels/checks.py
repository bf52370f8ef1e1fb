"""Turns what a change of prices would break into the refusal that its author may read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.access.callers import Caller, CallerKind
from domain.access.permissions import COST_READ
from domain.channels.refusals import FloorBroken, MarginTooSmall
from domain.channels.rules import Goods, PriceRule, RuleBook
from domain.channels.safeguards import Change, MarginBreak, first_break, moments_of
from domain.channels.tree import Family
from domain.money import Money


def refuse_breaks(
    change: Change,
    family: Family,
    goods: Iterable[Goods],
    rules: Sequence[PriceRule],
    caller: Caller,
    at: str = "value",
) -> None:
    """Raise MarginTooSmall or FloorBroken for the first SKU that the change would break, if there is one.

    `at` names the input field to blame.
    """
    found = first_break(change, family, goods, rules)
    if found is None:
        return
    sku, channel = found.goods.sku, found.channel.code
    if isinstance(found, MarginBreak):
        least = _told(found, caller)
        raise MarginTooSmall(sku, channel, Money(found.pays_minor).amount, least, at)
    raise FloorBroken(sku, channel, Money(found.asks_minor).amount, Money(found.floor_minor).amount, at)


def refuse_newcomers(
    family: Family, goods: Sequence[Goods], rules: Sequence[PriceRule], now: datetime, caller: Caller, at: str
) -> None:
    """Raise as `refuse_breaks` does where goods that were not sold in a family break anything, now or later.

    While they were not, nobody asked what rules make of them.
    """
    for moment in moments_of(now, rules, None, None) if goods else ():
        refuse_breaks(Change(None, RuleBook(rules, moment)), family, goods, rules, caller, at)


def _told(found: MarginBreak, caller: Caller) -> str:
    """What would have to be paid at least, in words to those who may not know what the one above pays."""
    if found.at_root and not knows_costs(caller):
        return "the supplier's price with the minimum margin"
    if found.channel.channel_id == caller.channel_id:
        return "the price of the channel above with its minimum margin"
    return Money(found.least_minor).amount


def knows_costs(caller: Caller) -> bool:
    """Whether suppliers' prices may be told to the caller."""
    return caller.kind is CallerKind.SYSTEM or (caller.at_headquarters and caller.may(COST_READ))
