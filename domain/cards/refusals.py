"""What dealing with cards refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from domain.refusals import Refusal


@dataclass(eq=False)
class StockExhausted(Refusal):
    """Only {left} of {sku} are left; {wanted} were asked for."""

    sku: Annotated[str, "What there is not enough of."]
    wanted: Annotated[int, "How many were asked for."]
    left: Annotated[int, "How many this channel could take."]


@dataclass(eq=False)
class QuotaExceeded(Refusal):
    """Only {left} of {sku} can be moved; {wanted} were asked for."""

    sku: Annotated[str, "What was to be allocated or recalled."]
    wanted: Annotated[int, "How many were asked for."]
    left: Annotated[int, "How many are free to be moved."]

    @property
    def field(self) -> list[str] | None:
        """The quantity."""
        return ["quantity"]


@dataclass(eq=False)
class RevealLimitReached(Refusal):
    """This card was shown {limit} times, which is as often as it can be."""

    limit: Annotated[int, "How often a card is shown."]


@dataclass(eq=False)
class CardNotRevealable(Refusal):
    """This card cannot be shown while it is {status}."""

    status: Annotated[str, "The card's status."]


@dataclass(eq=False)
class CardNotRedeemable(Refusal):
    """This card cannot be redeemed."""

    keeps_work: ClassVar[bool] = True

    padded_to_s: float = field(default=0.0, repr=False)
    """The answer is held back until so long after the question, so that its time tells nothing."""


@dataclass(eq=False)
class CardNotFreezable(Refusal):
    """A card that is {status} cannot be frozen."""

    status: Annotated[str, "The card's status."]


@dataclass(eq=False)
class CardNotFrozen(Refusal):
    """This card is not frozen; it is {status}."""

    status: Annotated[str, "The card's status."]


@dataclass(eq=False)
class CardNotActivatable(Refusal):
    """A card that is {status} cannot be activated."""

    status: Annotated[str, "The card's status."]


@dataclass(eq=False)
class RedemptionSettled(Refusal):
    """This redemption ended already: {status}."""

    status: Annotated[str, "How it ended."]


@dataclass(eq=False)
class RevealExpired(Refusal):
    """This reveal is over; its key shows the card no more."""

    @property
    def field(self) -> list[str] | None:
        """The key."""
        return ["idempotencyKey"]


@dataclass(eq=False)
class LeaseOver(Refusal):
    """The lease ended at {ended_at}; only a person can say now that this redemption failed."""

    ended_at: Annotated[str, "When the lease ended, RFC 3339."]
