"""Safeguards: what a change of prices would break anywhere below, found before the change is kept."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid5

from domain.channels.offers import BELOW_FLOOR
from domain.channels.pricing import Standing, begin, descend, retail, settle
from domain.channels.rules import Goods, Place, PriceRule, RuleBook, RuleKind
from domain.channels.tree import ChannelTier, Family, stands_below


@dataclass(frozen=True, slots=True)
class MarginBreak:
    """A channel would pay less than its parent pays with the minimum margin; amounts in minor units."""

    goods: Goods
    channel: Place
    pays_minor: int
    least_minor: int
    at_root: bool
    """Whether `least_minor` comes from the supplier's cost, which not everybody may know."""


@dataclass(frozen=True, slots=True)
class FloorBreak:
    """A channel would ask less than the floor above it allows; amounts in minor units."""

    goods: Goods
    channel: Place
    asks_minor: int
    floor_minor: int


Break = MarginBreak | FloorBreak


@dataclass(frozen=True, slots=True)
class Change:
    """Rules before and after a change at one moment; `before` is None where nothing of it stood before."""

    before: RuleBook | None
    after: RuleBook


def moments_of(
    now: datetime, rules: Iterable[PriceRule], since: datetime | None, until: datetime | None
) -> list[datetime]:
    """When rules begin or end to apply between `since` and `until`, the first moment included."""
    start = max(now, since) if since else now
    edges = {edge for rule in rules for edge in (rule.valid_from, rule.valid_until) if edge is not None}
    return [start, *sorted(edge for edge in edges if edge > start and (until is None or edge < until))]


def quantities_of(minimums: Set[int], goods: Goods) -> Set[int]:
    """The quantities at which the price of goods may change, where rules begin to apply at the `minimums`.

    Three pieces of a bundle buy twelve of a component of which it holds four, at the price of twelve.
    """
    if not goods.parts:
        return minimums
    parts = ((quantities_of(minimums, part), count) for part, count in goods.parts)
    return minimums | {-(-step // count) for steps, count in parts for step in steps}


def first_break(
    change: Change, family: Family, goods: Iterable[Goods], rules: Sequence[PriceRule]
) -> Break | None:
    """The first margin or floor that the change breaks in the family, or None; `rules` are those after it."""
    minimums = {1, *(rule.min_quantity for rule in rules)}
    for item in goods:
        for quantity in sorted(quantities_of(minimums, item)):
            found = next(_Walk(change, family, item, quantity).breaks(), None)
            if found is not None:
                return found
    return None


class _Walk:
    """One way down the tree for one item; it turns back where the change changes nothing."""

    def __init__(self, change: Change, family: Family, goods: Goods, quantity: int) -> None:
        self.change, self.family, self.goods, self.quantity = change, family, goods, quantity

    def breaks(self) -> Iterator[Break]:
        """What is broken at the family's head and below."""
        path = self.family.path
        old = self._along(path, self.change.before) if self.change.before else None
        new = [begin(self.goods)]
        for setter, child in itertools.pairwise(path):
            new.append(descend(new[-1], self.goods, setter, child, self.quantity, self.change.after))
        if old is None and len(path) > 1:
            yield from self._edge(path[-2], path[-1], new[-2], new[-1], len(path) == 2)
        yield from self._asks(path[-1], old, new[-1])
        yield from self._below(path[-1], old, new[-1], len(path) == 1)

    def _along(self, path: Sequence[Place], rules: RuleBook) -> Standing:
        standing = begin(self.goods)
        for setter, child in itertools.pairwise(path):
            standing = descend(standing, self.goods, setter, child, self.quantity, rules)
        return standing

    def _below(self, setter: Place, old: Standing | None, new: Standing, is_root: bool) -> Iterator[Break]:
        for child in self.family.children.get(setter.channel_id, ()):
            before, below = self._stand(setter, child, old, new)
            moved = before is None or before.pays_minor != below.pays_minor
            if moved or (old is not None and old.pays_minor != new.pays_minor):
                yield from self._edge(setter, child, new, below, is_root)
            yield from self._asks(child, before, below)
            if moved or _differs(before, below):
                yield from self._below(child, before, below, is_root=False)
        for child in _newcomers(setter, self.change.after):
            before, below = self._stand(setter, child, old, new)
            if before is None or old is None or _pays(old, before) != _pays(new, below):
                yield from self._edge(setter, child, new, below, is_root)

    def _stand(
        self, setter: Place, child: Place, old: Standing | None, new: Standing
    ) -> tuple[Standing | None, Standing]:
        """Where a child stands before and after the change."""
        before = None
        if old is not None and self.change.before is not None:
            before = descend(old, self.goods, setter, child, self.quantity, self.change.before)
        return before, descend(new, self.goods, setter, child, self.quantity, self.change.after)

    def _edge(
        self, setter: Place, child: Place, above: Standing, below: Standing, at_root: bool
    ) -> Iterator[Break]:
        if above.pays_minor is None or below.pays_minor is None:
            return
        least = above.pays_minor + setter.minimum_margin_minor
        if below.pays_minor < least:
            yield MarginBreak(self.goods, child, below.pays_minor, least, at_root)

    def _asks(self, seller: Place, old: Standing | None, new: Standing) -> Iterator[Break]:
        if new.pays_minor is None or new.floor is None:
            return
        asks = retail(new, self.goods, seller, self.quantity, self.change.after)[0]
        if settle(asks, new.floor)[1] != BELOW_FLOOR:
            return
        if old is not None and old.pays_minor is not None and self.change.before is not None:
            before = retail(old, self.goods, seller, self.quantity, self.change.before)[0]
            if before == asks and old.floor is not None and _same_floor(old, new):
                return
        yield FloorBreak(self.goods, seller, asks, new.floor.amount_minor)


def _newcomers(setter: Place, rules: RuleBook) -> Iterator[Place]:
    """Children that a channel may have one day: rules that name no child wait for them."""
    if any(rule.target_channel_id is None for rule in rules.set_by(setter.channel_id, RuleKind.PURCHASE)):
        for tier in ChannelTier:
            if tier is not ChannelTier.HEADQUARTERS and stands_below(tier, ChannelTier(setter.tier)):
                name = f"a new {tier.value} of {setter.code}"
                yield Place(uuid5(setter.channel_id, tier.value), tier.value, code=name)


def _pays(above: Standing, below: Standing) -> tuple[int | None, int | None]:
    return above.pays_minor, below.pays_minor


def _same_floor(old: Standing, new: Standing) -> bool:
    mine = (old.floor.amount_minor, old.floor.action) if old.floor else None
    theirs = (new.floor.amount_minor, new.floor.action) if new.floor else None
    return mine == theirs


def _differs(old: Standing | None, new: Standing) -> bool:
    """Whether anything that prices further down depend on has changed."""
    if old is None or old.pays_minor != new.pays_minor or not _same_floor(old, new):
        return True
    return any(_differs(one, other) for one, other in zip(old.parts, new.parts, strict=True))
