"""Ledgers to test with: one in memory, by account names, and the tree of the worked example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from domain.ledger.accounts import AccountKind
from domain.ledger.covering import Coverage, Purse, Standing
from domain.ledger.refusals import BalanceTooLow
from domain.ledger.sales import Trade
from domain.ledger.transfers import Transfer

HQ, P, Q, S = (UUID(int=n) for n in (1, 2, 3, 4))
NAMES = {HQ: "HQ", P: "P", Q: "Q", S: "S"}
LATER = datetime(2026, 12, 5, tzinfo=UTC)
CNY = "CNY"


def worked(total_minor: int = 9_000) -> Trade:
    """List 100, T: P 80, Q 88, S 93; cost 70; the buyer pays 90 of it."""
    return Trade(UUID(int=77), (HQ, P, Q, S), (7_000, 8_000, 8_800, 9_300), total_minor, CNY)


def written(transfer: Transfer) -> tuple[dict[str, int], dict[str, int]]:
    """Debits and credits by account name, in yuan, as the table of the example writes them."""
    debits: dict[str, int] = {}
    gains: dict[str, int] = {}
    for entry in transfer.entries:
        side = debits if entry.debit_minor else gains
        side[name_of(entry.account.kind, entry.account.channel_id)] = abs(entry.minor) // 100
        assert entry.minor % 100 == 0
    return debits, gains


def table(transfers: Sequence[Transfer]) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """By type."""
    return {transfer.type.value: written(transfer) for transfer in transfers}


def name_of(kind: AccountKind, channel: UUID | None) -> str:
    return kind.lower().replace("_", " ") + (f":{NAMES.get(channel, channel)}" if channel else "")


@dataclass
class Books:
    """A ledger in memory: it covers as the stored one does, and keeps sums only."""

    credit: dict[UUID, int] = field(default_factory=dict)
    sums: Counter[str] = field(default_factory=Counter)
    posted: set[tuple[str, UUID]] = field(default_factory=set)

    def post(self, transfers: Sequence[Transfer]) -> list[Transfer]:
        """Raises BalanceTooLow."""
        news = [one for one in transfers if (one.type.value, one.business_id) not in self.posted]
        standings: dict[Purse, Standing] = {
            (channel, CNY): Standing(
                self.sums[name_of(AccountKind.DEPOSIT, channel)],
                self.credit.get(channel, 0),
                -self.sums[name_of(AccountKind.RECEIVABLE, channel)],
            )
            for channel in {e.account.channel_id for one in news for e in one.entries} if channel
        }  # fmt: skip
        covered = Coverage(standings).cover(news)
        if isinstance(covered, BalanceTooLow):
            raise covered
        for transfer in covered:
            self.posted.add((transfer.type.value, transfer.business_id))
            for entry in transfer.entries:
                self.sums[name_of(entry.account.kind, entry.account.channel_id)] += entry.minor
        return covered

    def left(self) -> dict[str, int]:
        """What is not zero, in yuan."""
        assert sum(self.sums.values()) == 0
        return {name: minor // 100 for name, minor in sorted(self.sums.items()) if minor}
