"""The settings that dealing with cards follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class CardTerms:
    """Figures of the operator, never of the code."""

    reveals_per_card: int = 1
    reveal_ttl: timedelta = timedelta(minutes=10)
    """How long a revealed secret is shown, and its key answers again."""
    redemption_lease: timedelta = timedelta(seconds=60)
    redemption_answer_s: float = 0.25
    """A refused redemption is answered after exactly so long at least."""
    redemption_free_tries: int = 20
    """Wrong codes of one token or address before each further one doubles the pause."""
    sell_margin: timedelta = timedelta(hours=24)
    """A card that ends sooner is not sold any more."""
    allocation_most: int = 100_000
    """How many of a SKU are handed on at once."""
    expiry_grace: timedelta = timedelta(hours=24)
    """A sold card still counts for so long after its end."""
