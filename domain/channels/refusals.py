"""What the tree and its prices refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.refusals import Refusal


@dataclass(eq=False)
class CodeTaken(Refusal):
    """The code {taken} is in use; choose another."""

    taken: Annotated[str, "The code that was asked for."]
    at: str = "code"

    @property
    def field(self) -> list[str] | None:
        """The input field that named it."""
        return self.at.split(".")


@dataclass(eq=False)
class TierTooHigh(Refusal):
    """A channel of tier {tier} cannot stand below one of tier {parent_tier}."""

    tier: Annotated[str, "The tier that was asked for."]
    parent_tier: Annotated[str, "The tier of the parent."]

    @property
    def field(self) -> list[str] | None:
        """The tier, or the parent that was chosen for it."""
        return ["tier"]


@dataclass(eq=False)
class MovesIntoItself(Refusal):
    """The channel {channel} cannot be moved below itself."""

    channel: Annotated[str, "The code of the channel that was to be moved."]

    @property
    def field(self) -> list[str] | None:
        """The new parent."""
        return ["parent"]


@dataclass(eq=False)
class HoldsStock(Refusal):
    """The channel {channel} or one below it holds stock of {sku}; recall it first."""

    channel: Annotated[str, "The code of the channel that was to be moved."]
    sku: Annotated[str, "A SKU that was allocated there and is not sold."]

    @property
    def field(self) -> list[str] | None:
        """The channel."""
        return ["channel"]


@dataclass(eq=False)
class MarginTooSmall(Refusal):
    """{channel} would pay {pays} for {sku}, less than {least}: the price above, with the minimum margin."""

    sku: Annotated[str, "The first SKU that it would break."]
    channel: Annotated[
        str, "The code of the channel that would pay too little, or words for one that may be opened."
    ]
    pays: Annotated[str, "What it would pay, a decimal amount."]
    least: Annotated[str, "What it has to pay at least; said in words to those who may not know the cost."]
    at: str = "value"

    @property
    def field(self) -> list[str] | None:
        """What was said that would break it."""
        return [self.at]


@dataclass(eq=False)
class FloorBroken(Refusal):
    """{channel} would sell {sku} for {price}, below the floor of {floor}."""

    sku: Annotated[str, "The first SKU that it would break."]
    channel: Annotated[str, "The code of the channel that would sell too low."]
    price: Annotated[str, "The price it would ask, a decimal amount."]
    floor: Annotated[str, "The lowest price allowed there, a decimal amount."]
    at: str = "value"

    @property
    def field(self) -> list[str] | None:
        """What was said that would break it."""
        return [self.at]
