"""Single cards of one transaction: looking at them, using them, stopping them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from persistence.cards.holds import StoredHolds
from persistence.cards.redemptions import StoredRedemptions
from persistence.cards.refunding import StoredCardRefunds
from persistence.cards.reveals import StoredReveals

if TYPE_CHECKING:
    from persistence.work import Work


class StoredTrace:
    """Fills `domain.cards.ports.CardTrace`."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @cached_property
    def reveals(self) -> StoredReveals:
        """Looking at secrets."""
        return StoredReveals(self._work)

    @cached_property
    def redemptions(self) -> StoredRedemptions:
        """Using cards."""
        return StoredRedemptions(self._work)

    @cached_property
    def holds(self) -> StoredHolds:
        """Stopping cards."""
        return StoredHolds(self._work)

    @cached_property
    def refunds(self) -> StoredCardRefunds:
        """Cards that are asked back."""
        return StoredCardRefunds(self._work)
