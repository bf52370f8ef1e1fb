"""From the names that people give to the ids that a promotion is narrowed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.identifiers import storable
from domain.channels.tree import ChannelTier
from domain.promotions.scope import MINUTES_OF_DAY, Scope
from domain.refusals import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.work import UnitOfWork

MOST_NAMES = 200
LONGEST_SEGMENT = 50


@dataclass(frozen=True, slots=True)
class WantedScope:
    """What a promotion is to be narrowed to, as it was said; what is empty narrows nothing."""

    channels: tuple[str, ...] = ()
    tiers: tuple[ChannelTier, ...] = ()
    categories: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    first_order: bool = False
    days: tuple[int, ...] = ()
    from_minute: int = 0
    until_minute: int = MINUTES_OF_DAY


async def resolve_scope(wanted: WantedScope, caller: Caller, work: UnitOfWork) -> dict[str, Any]:
    """The scope as it is kept: names with their ids. Raises NotFound for what the caller may not name."""
    _check(wanted)
    channels = {}
    for code in wanted.channels:
        node = await work.tree.in_scope(caller, code)
        if node is None:
            raise NotFound(f"channel {code}", "scope.channels")
        channels[code] = node.id
    goods: dict[str, dict[str, UUID]] = {"variants": {}, "products": {}, "categories": {}}
    for name in wanted.variants:
        found = await work.prices.scope(caller.channel, name, None, None)
        goods["variants"][name] = _known(found.variant_id if found else None, "variants", name)
    for name in wanted.products:
        found = await work.prices.scope(caller.channel, None, name, None)
        goods["products"][name] = _known(found.product_id if found else None, "products", name)
    for name in wanted.categories:
        found = await work.prices.scope(caller.channel, None, None, name)
        goods["categories"][name] = _known(found.category_id if found else None, "categories", name)
    return {
        "channels": channels,
        **goods,
        "tiers": [tier.value for tier in wanted.tiers],
        "segments": list(wanted.segments),
        "first_order": wanted.first_order,
        "days": list(wanted.days),
        "from_minute": wanted.from_minute,
        "until_minute": wanted.until_minute,
    }


def scope_of(kept: Mapping[str, Any]) -> Scope:
    """The scope that was kept."""

    def ids(name: str) -> frozenset[UUID]:
        return frozenset(UUID(str(one)) for one in kept.get(name, {}).values())

    return Scope(
        ids("channels"),
        frozenset(kept.get("tiers", ())),
        ids("categories"),
        ids("products"),
        ids("variants"),
        frozenset(kept.get("segments", ())),
        kept.get("first_order", False),
        frozenset(kept.get("days", ())),
        kept.get("from_minute", 0),
        kept.get("until_minute", MINUTES_OF_DAY),
    )


def _known(found: UUID | None, at: str, name: str) -> UUID:
    if found is None:
        raise NotFound(f"goods {name}", f"scope.{at}")
    return found


def _check(wanted: WantedScope) -> None:
    names = (wanted.channels, wanted.categories, wanted.products, wanted.variants, wanted.segments)
    if any(len(one) > MOST_NAMES for one in names):
        raise InvalidInput(f"Up to {MOST_NAMES} of each kind are named.", "scope")
    if not all(0 < len(one) <= LONGEST_SEGMENT and storable(one) for one in wanted.segments):
        raise InvalidInput(f"A segment has 1 to {LONGEST_SEGMENT} characters.", "scope.segments")
    if not all(1 <= day <= 7 for day in wanted.days):
        raise InvalidInput("Days are numbers from 1, Monday, to 7, Sunday.", "scope.days")
    if not 0 <= wanted.from_minute < MINUTES_OF_DAY or not 0 < wanted.until_minute <= MINUTES_OF_DAY:
        raise InvalidInput("Hours of a day are minutes from 0 to 1,440.", "scope.fromMinute")
