"""Price resolution: what each channel on a path pays, what the buyer pays, and how low that may be."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.channels.offers import BELOW_FLOOR, NEEDS_REVIEW, NOT_SELLABLE, TraceStep
from domain.channels.rules import (
    STRICTNESS,
    FloorAction,
    Goods,
    Place,
    PriceRule,
    RuleBook,
    RuleKind,
    best,
    cost_of,
    weigh,
)


@dataclass(frozen=True, slots=True)
class Floor:
    """A lowest price and what happens below it; `rule` is None where a bundle's follows from its parts."""

    amount_minor: int
    action: FloorAction
    rule: PriceRule | None
    channel_id: UUID
    """The channel from which on downwards it holds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where goods stand in one channel: what it pays for a piece, and the highest floor above its sales."""

    pays_minor: int | None
    """T[k]; None where it, or a channel above, has no purchase price."""
    rule: PriceRule | None = None
    floor: Floor | None = None
    parts: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """All prices of one piece in one channel, in minor units, and the rules that made them."""

    transfer_minor: tuple[int, ...]
    """T[0..n]; empty when not sellable."""
    retail_minor: int | None
    """R after a clamping floor; None when not sellable."""
    floor_minor: int
    steps: tuple[TraceStep, ...]
    problem: str | None
    parts: tuple[tuple[int, ...], ...] = ()
    """T[0..n] of one piece of each component; empty where it has no price by itself."""


def begin(goods: Goods) -> Standing:
    """At the root: T[0] is the supplier's cost, 0 while it is not known."""
    return Standing(cost_of(goods) or 0, parts=tuple(begin(part) for part, _ in goods.parts))


def descend(
    standing: Standing, goods: Goods, setter: Place, child: Place, quantity: int, rules: RuleBook
) -> Standing:
    """From a channel to one of its children by the best rules that the channel has set for that child."""
    parts = tuple(
        descend(stand, part, setter, child, quantity * count, rules)
        for stand, (part, count) in zip(standing.parts, goods.parts, strict=True)
    )
    floor = highest(standing.floor, _edge_floor(standing, goods, setter, child, rules))
    if standing.pays_minor is None:
        return Standing(None, None, floor, parts)
    found = best(rules.for_child(setter, RuleKind.PURCHASE, child), goods, quantity, standing.pays_minor)
    if found is not None:
        return Standing(*found, floor, parts)
    pays = [part.pays_minor for part in parts]
    if not pays or None in pays:
        return Standing(None, None, floor, parts)
    return Standing(weigh(goods, [amount or 0 for amount in pays]), None, floor, parts)


def _edge_floor(
    standing: Standing, goods: Goods, setter: Place, child: Place, rules: RuleBook
) -> Floor | None:
    """The most specific floor set by `setter` for `child`; a bundle's is weighed unless one names it."""
    found = best(rules.for_child(setter, RuleKind.FLOOR, child), goods, 1, standing.pays_minor)
    if found is not None:
        return Floor(found[0], found[1].action or FloorAction.BLOCK, found[1], child.channel_id)
    below = [
        _edge_floor(stand, part, setter, child, rules)
        for stand, (part, _) in zip(standing.parts, goods.parts, strict=True)
    ]
    actions = [floor.action for floor in below if floor is not None]
    if not actions:
        return None
    amount = weigh(goods, [floor.amount_minor if floor else 0 for floor in below])
    return Floor(amount, max(actions, key=STRICTNESS.__getitem__), None, child.channel_id)


def highest(one: Floor | None, other: Floor | None) -> Floor | None:
    """The higher of two floors; of equal ones the stricter."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda floor: (floor.amount_minor, STRICTNESS[floor.action]))


def retail(
    standing: Standing, goods: Goods, seller: Place, quantity: int, rules: RuleBook
) -> tuple[int, PriceRule | None]:
    """R before any clamp: the seller's best retail rule, else the list price."""
    found = best(rules.set_by(seller.channel_id, RuleKind.RETAIL), goods, quantity, standing.pays_minor)
    if found is not None:
        return found
    if not goods.parts:
        return goods.list_minor, None
    amounts = [
        retail(stand, part, seller, quantity * count, rules)[0]
        for stand, (part, count) in zip(standing.parts, goods.parts, strict=True)
    ]
    return weigh(goods, amounts), None


def settle(retail_minor: int, floor: Floor | None) -> tuple[int, str | None]:
    """R against F: the price that is asked, and the problem where the floor does not clamp."""
    if floor is None or retail_minor >= floor.amount_minor:
        return retail_minor, None
    if floor.action is FloorAction.CLAMP:
        return floor.amount_minor, None
    return retail_minor, BELOW_FLOOR if floor.action is FloorAction.BLOCK else NEEDS_REVIEW


def resolve(path: Sequence[Place], goods: Goods, quantity: int, rules: RuleBook) -> Resolution:
    """The prices of a piece when the last channel of a path from the root sells `quantity` of them."""
    standings = [begin(goods)]
    for setter, child in itertools.pairwise(path):
        standings.append(descend(standings[-1], goods, setter, child, quantity, rules))
    last, seller = standings[-1], path[-1]
    steps = [
        _step(place, "PURCHASE" if at else "COST", stand.pays_minor, stand.rule)
        for at, (place, stand) in enumerate(zip(path, standings, strict=True))
        if stand.pays_minor is not None
    ]
    parts = tuple(
        _transfers([stand.parts[i].pays_minor for stand in standings]) for i in range(len(goods.parts))
    )
    floor_minor = last.floor.amount_minor if last.floor else 0
    if last.pays_minor is None:
        return Resolution((), None, floor_minor, tuple(steps), NOT_SELLABLE, parts)
    asked, rule = retail(last, goods, seller, quantity, rules)
    price, problem = settle(asked, last.floor)
    steps.append(_step(seller, "RETAIL", price, rule))
    if last.floor is not None:
        steps.append(_step(seller, "FLOOR", floor_minor, last.floor.rule))
    transfers = _transfers([stand.pays_minor for stand in standings])
    return Resolution(transfers, price, floor_minor, tuple(steps), problem, parts)


def _step(place: Place, kind: str, amount_minor: int, rule: PriceRule | None) -> TraceStep:
    named = (rule.id, rule.version) if rule else (None, None)
    return TraceStep(place.channel_id, kind, amount_minor, *named)


def _transfers(amounts: Sequence[int | None]) -> tuple[int, ...]:
    return () if None in amounts else tuple(amount or 0 for amount in amounts)
