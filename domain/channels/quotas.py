"""Sales quotas (库存配额): what a subtree may sell of a SKU in a period, carved from the quota above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.refusals import Refusal
from domain.selected import Joining


class QuotaPeriod(StrEnum):
    """How often a quota begins anew, by the calendar of the operator's time zone; TOTAL never does."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    TOTAL = "TOTAL"


@dataclass(eq=False)
class QuotaNotCovered(Refusal):
    """The quota above has only {left} of {sku} left to give for each {period}; {wanted} were asked for."""

    sku: Annotated[str, "What the quota is of."]
    period: Annotated[str, "The period of both quotas."]
    wanted: Annotated[int, "How many were asked for."]
    left: Annotated[int, "How many could be given at most."]

    @property
    def field(self) -> list[str] | None:
        """The quantity."""
        return ["quantity"]


@dataclass(eq=False)
class QuotaHandedOn(Refusal):
    """Quotas of {handed_on} of {sku} were handed on below; {wanted} would not cover them."""

    sku: Annotated[str, "What the quota is of."]
    wanted: Annotated[int, "How many were asked for."]
    handed_on: Annotated[int, "What the quotas right below hold together."]

    @property
    def field(self) -> list[str] | None:
        """The quantity."""
        return ["quantity"]


@dataclass(eq=False)
class HoldsQuota(Refusal):
    """The channel {channel} or one below it has a quota of {sku}; end it first."""

    channel: Annotated[str, "The code of a channel that was to be moved, or of one below it."]
    sku: Annotated[str, "A SKU that it has a quota of."]

    @property
    def field(self) -> list[str] | None:
        """The channel."""
        return ["channel"]


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota as it is locked, in its current period. All figures are pieces of the SKU."""

    quantity: int
    handed_on: int
    """What the nearest quotas below it hold together."""
    used: int
    """Sold or reserved in the period by the channel and all below it."""
    own_used: int
    """The part of `used` that no quota below it has counted."""


@dataclass(frozen=True, slots=True)
class QuotaPlace:
    """The channel, SKU and period that a quota is of; a place has one quota at most."""

    channel_id: UUID
    path: tuple[UUID, ...]
    variant_id: UUID
    sku: str
    period: QuotaPeriod


@dataclass(frozen=True, slots=True)
class QuotaNest:
    """What surrounds a place, locked until the commit."""

    above: Quota | None
    """The nearest quota of the period on the way to headquarters."""
    own: Quota | None
    below: int
    """What the nearest quotas of the period below the place hold together."""


def check_carving(place: QuotaPlace, nest: QuotaNest, quantity: int) -> None:
    """Raise QuotaHandedOn or QuotaNotCovered unless a quota of `quantity` fits between the others.

    What was sold in a period comes back with the next one, so only a TOTAL is short of what its holder sold.
    """
    if quantity < nest.below:
        raise QuotaHandedOn(place.sku, quantity, nest.below)
    if nest.above is None:
        return
    gone = nest.above.own_used if place.period is QuotaPeriod.TOTAL else 0
    own = nest.below if nest.own is None else nest.own.quantity
    left = nest.above.quantity - nest.above.handed_on - gone + own
    # To give less than before is never refused, whatever the holder above has sold meanwhile.
    if quantity > max(left, 0 if nest.own is None else nest.own.quantity):
        raise QuotaNotCovered(place.sku, place.period.value, quantity, max(left, 0))


@dataclass(frozen=True, slots=True)
class SalesQuotaView(Joining):
    """A quota with what became of it in the current period."""

    id: UUID
    sku: str
    channel_id: UUID
    period: QuotaPeriod
    quantity: int
    handed_on: int
    used: int
    starts_at: datetime
    ends_at: datetime | None

    @property
    def left(self) -> int:
        """What the channel and those below it can still sell by this quota; it may have been lowered."""
        return max(self.quantity - self.used, 0)
