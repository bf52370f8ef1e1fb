"""What use cases write to the ledger, and what they read of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.ledger.transfers import Transfer
    from domain.ledger.views import Balance, Maturity, Pending


class Covered(Protocol):
    """Transfers that deposits cover, which are locked for them until the commit."""

    @property
    def transfers(self) -> Sequence[Transfer]:
        """As they are to be written: what a deposit does not cover is owed."""


class LedgerBook(Protocol):
    """The ledger in one transaction. Deposits that are taken from are locked in key order, and only they."""

    async def post(self, transfers: Sequence[Transfer], caller: Caller) -> None:
        """Cover transfers and write them; what was posted before is not posted again.

        Raises BalanceTooLow, and has written nothing then.
        """

    async def cover(self, transfers: Sequence[Transfer]) -> Covered:
        """Lock what transfers take from and see that it is there; raises BalanceTooLow and writes nothing."""

    async def enter(self, covered: Covered, caller: Caller) -> None:
        """Have transfers that are covered written by the end of the transaction.

        They are in the ledger for whatever else is asked of it in the same transaction.
        """

    async def open_deposit(self, channel_id: UUID, credit_minor: int, currency: str) -> None:
        """Give a channel a deposit of nothing, which may fall to minus `credit_minor`; twice is once."""

    async def balances(self, channel_ids: Sequence[UUID]) -> dict[UUID, list[Balance]]:
        """The accounts of channels, by currency; a channel without a deposit is absent."""

    async def pending_of(self, order_id: UUID) -> Pending:
        """What an order's margins wait for; they do not vest before this transaction ends."""

    async def roll_up(self) -> list[tuple[UUID, str]]:
        """Add to balances what waits, of accounts that nobody is at; whose they are, by currency."""

    async def take_due(self, limit: int) -> list[Maturity]:
        """Take orders whose margins are due and that nobody refunds now; they are not due a second time."""
