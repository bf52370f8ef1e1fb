"""Where, when, for whom and for what a promotion is: what narrows it within its owner's subtree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from domain.promotions.basket import Line

MINUTES_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a promotion is left for a buyer; None is no limit."""

    orders: int | None = None
    minor: int | None = None
    pieces: int | None = None


@dataclass(frozen=True, slots=True)
class Presented:
    """A coupon that a buyer shows: the code as it was given, and the promotion that it belongs to."""

    code: str
    promotion_id: UUID
    coupon_id: UUID


@dataclass(frozen=True, slots=True)
class Occasion:
    """A sale as promotions look at it: when, in which channel, to whom, and with what in hand."""

    now: datetime
    """By the operator's clock, which counts days and hours."""
    path: tuple[UUID, ...]
    """The channels from the root to the seller."""
    tier: str = ""
    """The seller's."""
    codes: tuple[str, ...] = ()
    """The codes of the channels of the path."""
    buyers: tuple[str, ...] = ()
    """Who buys, by every name under which what is limited for each customer is counted."""
    device: str = ""
    """From where, as what is limited for each device is counted."""
    customer_id: UUID | None = None
    segments: frozenset[str] = frozenset()
    first_order: bool = False
    coupons: tuple[Presented, ...] = ()
    group_of: UUID | None = None
    """The group-buy promotion in whose group this order takes a seat."""
    left: Mapping[UUID, Usage] = field(default_factory=dict)
    """What is left of the promotions that have limits; of those not named nothing is used."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a promotion is narrowed to; an empty set narrows nothing."""

    channels: frozenset[UUID] = frozenset()
    """Channels with all below them."""
    tiers: frozenset[str] = frozenset()
    categories: frozenset[UUID] = frozenset()
    products: frozenset[UUID] = frozenset()
    variants: frozenset[UUID] = frozenset()
    segments: frozenset[str] = frozenset()
    """Customers of one of these segments."""
    first_order: bool = False
    """Only customers who have not bought anything yet."""
    days: frozenset[int] = frozenset()
    """Days of the week, Monday 1 to Sunday 7."""
    from_minute: int = 0
    """From when it holds on each day, as minutes that a clock shows: what a clock skips in spring is not
    there on that day, and what it shows twice in autumn is there twice."""
    until_minute: int = MINUTES_OF_DAY
    """And until when; before `from_minute` where it goes on past midnight."""

    def admits(self, occasion: Occasion) -> bool:
        """Whether the seller, the buyer, the day and the hour are right."""
        return (
            (not self.channels or not self.channels.isdisjoint(occasion.path))
            and (not self.tiers or occasion.tier in self.tiers)
            and (not self.segments or not self.segments.isdisjoint(occasion.segments))
            and (not self.first_order or occasion.first_order)
            and self._is_now(occasion.now)
        )

    def _is_now(self, now: datetime) -> bool:
        minute = now.hour * 60 + now.minute
        day = now.isoweekday()
        if self.from_minute <= self.until_minute:
            inside = self.from_minute <= minute < self.until_minute
        else:
            inside = minute >= self.from_minute or minute < self.until_minute
            if minute < self.until_minute:
                day = (day - 2) % 7 + 1  # the night belongs to the day on which it began
        return inside and (not self.days or day in self.days)

    def covers(self, line: Line) -> bool:
        """Whether goods are among those it is for: any of the categories, products and variants named."""
        if not (self.categories or self.products or self.variants):
            return True
        return (
            line.variant_id in self.variants
            or line.product_id in self.products
            or line.category_id in self.categories
        )
