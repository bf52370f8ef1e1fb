"""How far the parts of an order came, as refunds read it: facts of each table, and what they amount to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.cards.states import CardState
from domain.catalog.fulfilment import Progress
from domain.orders.status import PartStatus
from domain.orders.views import ShipmentStatus
from domain.supply.states import AttemptState


@dataclass(frozen=True, slots=True)
class CardFact:
    """A card of a part."""

    id: UUID
    state: CardState
    before: CardState | None
    """Of a frozen card: where it was."""
    seen: bool
    """Whether its secret was ever shown, or it was activated: it is never sold again."""
    minted: bool
    """Whether it is a code of ours, which nobody else honours."""


@dataclass(frozen=True, slots=True)
class AttemptFact:
    """The newest attempt for one unit of a top-up."""

    state: AttemptState
    face_minor: int | None
    charged_minor: int | None


@dataclass(frozen=True, slots=True)
class ParcelFact:
    """A parcel with so many items in it, of which some came back."""

    status: ShipmentStatus
    quantity: int
    received: int = 0


@dataclass(frozen=True, slots=True)
class EntitlementFact:
    """A metered right; `asked_back` of its units are in refunds."""

    units: int
    used: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class PartFacts:
    """A part of a paid order with its money and its goods."""

    id: UUID
    line_id: UUID
    sku: str
    kind: str
    quantity: int
    status: PartStatus
    settings: Mapping[str, Any]
    allocated_minor: int
    """Its share of what was paid for the line."""
    line_quantity: int = 1
    """How many the line is of: a bundle's component has a multiple of it."""
    asked_minor: int = 0
    """What refunds of it that were not rejected come to."""
    asked_units: int = 0
    """The same in the units in which the part is measured."""
    now: datetime | None = None
    cards: tuple[CardFact, ...] = field(default=())
    attempts: tuple[AttemptFact, ...] = field(default=())
    shipments: tuple[ParcelFact, ...] = field(default=())
    entitlements: tuple[EntitlementFact, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a part came."""

    progress: Progress
    undecided: int = 0
    """Units of which nobody knows yet whether they were delivered or used; they are never paid back."""
    unbegun: bool = False
    """Whether it was paid and not begun, as while a group of buyers fills: we alone pay that back."""
    cards: tuple[CardFact, ...] = ()
    """Those that can be asked back, in the order in which they are."""
    rest: str | None = None
    """Why nothing more of it is paid back, where that is not because it was asked back."""
