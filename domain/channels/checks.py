"""Turns what a change of prices would break into the refusal that its author may read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.access.callers import Caller, CallerKind
from domain.access.permissions import COST_READ
from domain.channels.refusals import FloorBroken, MarginTooSmall
from domain.channels.rules import Goods, PriceRule
from domain.channels.safeguards import Change, MarginBreak, first_break
from domain.channels.tree import Family
from domain.money import Money


def refuse_breaks(
    change: Change, family: Family, goods: Iterable[Goods], rules: Sequence[PriceRule], caller: Caller
) -> None:
    """Raise MarginTooSmall or FloorBroken for the first SKU that the change would break, if there is one."""
    found = first_break(change, family, goods, rules)
    if found is None:
        return
    sku, channel = found.goods.sku, found.channel.code
    if isinstance(found, MarginBreak):
        hidden = found.at_root and not knows_costs(caller)
        least = "the supplier's price with the minimum margin" if hidden else Money(found.least_minor).amount
        raise MarginTooSmall(sku, channel, Money(found.pays_minor).amount, least)
    raise FloorBroken(sku, channel, Money(found.asks_minor).amount, Money(found.floor_minor).amount)


def knows_costs(caller: Caller) -> bool:
    """Whether suppliers' prices may be told to the caller."""
    return caller.kind is CallerKind.SYSTEM or (caller.at_headquarters and caller.may(COST_READ))
