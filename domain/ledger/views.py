"""What the ledger tells: balances, and what an order's margins are still waiting for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Balance:
    """A channel's accounts in one currency, minor units."""

    channel_id: UUID
    currency: str
    deposit_minor: int
    """Free of holds; below zero it is bought on credit."""
    credit_minor: int
    held_minor: int = 0
    pending_minor: int = 0
    owed_minor: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """What an order's margins are; nothing is scheduled for an order that leaves none."""

    by_channel: Mapping[UUID, int] = field(default_factory=dict)
    """What waits, by channel: what funders gave and refunds took is taken off; empty once it has vested."""
    vests_at: datetime | None = None
    vested: bool = False


@dataclass(frozen=True, slots=True)
class Maturity:
    """An order whose margins vest now."""

    order_id: UUID
    currency: str
    by_channel: Mapping[UUID, int]
