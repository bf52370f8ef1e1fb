"""The ledger of one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.ledger.accounts import deposit, hold, pending
from domain.ledger.views import Maturity, Pending
from persistence.ledger import posting, sql
from persistence.ledger.balances import balances_of
from persistence.repository import Repository

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.ledger.ports import Covered
    from domain.ledger.transfers import Transfer
    from domain.ledger.views import Balance


class StoredLedger(Repository):
    """Fills `domain.ledger.ports.LedgerBook`."""

    async def post(self, transfers: Sequence[Transfer], caller: Caller) -> None:
        """Cover transfers and write them; raises BalanceTooLow."""
        covered = await self.cover(transfers)
        if covered.transfers:
            await posting.enter(self._work, self._posting(covered, caller))

    async def cover(self, transfers: Sequence[Transfer]) -> Covered:
        """Lock what transfers take from and see that it is there; raises BalanceTooLow."""
        await self._catch_up()
        if posting.takes_from_nobody(transfers):
            return posting.uncovered(transfers)
        return await posting.cover(self._work, transfers)

    async def enter(self, covered: Covered, caller: Caller) -> None:
        """Write transfers that are covered, with the end of the transaction."""
        if covered.transfers:
            self._work.postings.append(self._posting(covered, caller))

    def _posting(self, covered: Covered, caller: Caller) -> posting.Posting:
        assert isinstance(covered, posting.StoredCover)
        return posting.Posting(covered, caller, self._work.request_id)

    async def _catch_up(self) -> None:
        """What was entered is there for whoever asks for more in the same transaction."""
        while self._work.postings:
            await posting.enter(self._work, self._work.postings.pop(0))

    async def open_deposit(self, channel_id: UUID, credit_minor: int, currency: str) -> None:
        """Give a channel a deposit of nothing, and open at once what its first sale would have to open."""
        names = [
            (deposit(channel_id), currency),
            (hold(channel_id), currency),
            (pending(channel_id), currency),
        ]
        await posting.open_accounts(self._on, names, credit_minor)

    async def balances(self, channel_ids: Sequence[UUID]) -> dict[UUID, list[Balance]]:
        """The accounts of channels, by currency."""
        await self._catch_up()
        return await balances_of(self._on, channel_ids)

    async def pending_of(self, order_id: UUID) -> Pending:
        """What an order's margins wait for; whoever vests passes it over meanwhile."""
        await self._catch_up()
        row = await sql.LOCK_VESTING.one(self._on, order=order_id)
        if row is None:
            return Pending()
        if row["vested_at"] is not None:
            return Pending(vests_at=row["vests_at"], vested=True)
        return Pending((await self._waiting([order_id])).get(order_id, {}), row["vests_at"])

    async def roll_up(self) -> list[tuple[UUID, str]]:
        """Add to balances what waits; whose accounts these are, by currency."""
        await self._catch_up()
        rows = await sql.ROLL_UP.all(self._on)
        return sorted({(row["channel_id"], row["currency"]) for row in rows if row["channel_id"]})

    async def take_due(self, limit: int) -> list[Maturity]:
        """Take orders whose margins are due."""
        await self._catch_up()
        rows = await sql.TAKE_DUE.all(self._on, limit=limit)
        waiting = await self._waiting([row["order_id"] for row in rows])
        return [Maturity(row["order_id"], row["currency"], waiting.get(row["order_id"], {})) for row in rows]

    async def _waiting(self, order_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, int]]:
        found: dict[UUID, dict[UUID, int]] = defaultdict(dict)
        if order_ids:
            for row in await sql.WAITING.all(self._on, orders=list(order_ids)):
                found[row["order_id"]][row["channel_id"]] = row["minor"]
        return found
