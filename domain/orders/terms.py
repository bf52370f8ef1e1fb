"""The settings that buying follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """How long promises hold, how much one order may be, and whether play money is money."""

    quote_ttl: timedelta = timedelta(minutes=10)
    reservation_ttl: timedelta = timedelta(minutes=15)
    most_lines: int = 50
    most_quantity: int = 1_000
    vesting: timedelta = timedelta(days=7)
    """How long after payment agents' margins vest."""
    sandbox: bool = False
    """Whether SANDBOX payments and the sandbox supplier exist here."""
