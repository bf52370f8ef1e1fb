"""Offers: what one channel sells, for how much, to whom it owes what, and where the goods come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

NOT_SELLABLE = "NOT_SELLABLE"
"""Some channel on the path has no purchase price for it, or is suspended."""

BELOW_FLOOR = "BELOW_FLOOR"
"""The retail price is below a floor that blocks."""

NEEDS_REVIEW = "NEEDS_REVIEW"
"""The retail price is below a floor that asks for a person."""


class PriceStepKind(StrEnum):
    """What a step of a trace says."""

    COST = "COST"
    PURCHASE = "PURCHASE"
    RETAIL = "RETAIL"
    FLOOR = "FLOOR"


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One price and the rule that made it; `kind` is a PriceStepKind's value."""

    channel_id: UUID
    kind: str
    amount_minor: int
    rule_id: UUID | None = None
    version: int | None = None

    def facts(self) -> dict[str, Any]:
        """As it is kept with an order's line."""
        return {
            "channel_id": self.channel_id,
            "kind": self.kind,
            "amount_minor": self.amount_minor,
            "rule_id": self.rule_id,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Part:
    """What is delivered for one unit of an offer: the thing itself, or a component of a bundle."""

    variant_id: UUID
    sku: str
    product_name: str
    kind: str
    quantity: int
    list_minor: int
    cost_minor: int | None
    transfer_minor: tuple[int, ...]
    """T[0..n] of one piece of the part; empty where its path has no price for it alone."""
    pool_id: UUID | None
    """The channel whose stock it is taken from, where its kind has stock."""
    account_template: dict[str, Any] | None
    settings: dict[str, Any] = field(default_factory=dict)
    """The variant's settings by its kind, such as `units` of METERED."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One SKU as a channel sells it at some quantity; amounts are minor units of `currency` for one piece."""

    variant_id: UUID
    product_id: UUID
    category_id: UUID
    sku: str
    name: str
    product_name: str
    kind: str
    currency: str
    list_minor: int
    face_minor: int | None
    cost_minor: int | None
    """The supplier's price; of a bundle the sum over its components."""
    retail_minor: int | None
    """What the buyer pays, after a clamping floor; None when it is not sellable here."""
    floor_minor: int
    """The highest floor set above; 0 without any."""
    transfer_minor: tuple[int, ...]
    """T[0..n] along `path`; empty when not sellable."""
    path: tuple[UUID, ...]
    """From the root to the selling channel."""
    rules: tuple[TraceStep, ...]
    problem: str | None
    account_template: dict[str, Any] | None
    valid_days: int | None
    components: tuple[Part, ...]
    settings: dict[str, Any] = field(default_factory=dict)
