"""Covering: what deposits have decides what is taken from them, what is owed, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from domain.ledger.accounts import AccountKind, receivable
from domain.ledger.refusals import BalanceTooLow
from domain.ledger.transfers import Entry, Reach, Transfer, credit

if TYPE_CHECKING:
    from domain.ledger.accounts import Account

Purse = tuple[UUID, str]
"""A channel and a currency."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel's deposit and what it owes, in minor units; a channel without a deposit has nothing."""

    balance_minor: int = 0
    credit_minor: int = 0
    owed_minor: int = 0

    def can_give(self, reach: Reach) -> int:
        """How much may be taken at most."""
        return self.balance_minor + (0 if reach is Reach.OWN else self.credit_minor)


class Coverage:
    """Deposits, while transfers are covered one after another; whoever asks first gets first."""

    def __init__(self, standings: Mapping[Purse, Standing]) -> None:
        self._standings = dict(standings)
        self.was_short = False
        """Whether anything was not covered by what deposits have."""

    def cover(self, asked: Sequence[Transfer]) -> list[Transfer] | BalanceTooLow:
        """The transfers as they are to be written, or a refusal that leaves every deposit as it was."""
        before = dict(self._standings)
        covered = []
        for transfer in asked:
            entries: dict[Account, int] = {}
            for entry in transfer.entries:
                found = self._cover(entry, transfer.currency)
                if found is None:
                    self._standings, self.was_short = before, True
                    return BalanceTooLow()
                for one in found:
                    entries[one.account] = entries.get(one.account, 0) + one.minor
            written = tuple(credit(account, minor) for account, minor in entries.items() if minor)
            covered.append(replace(transfer, entries=written))
        return covered

    def _cover(self, entry: Entry, currency: str) -> list[Entry] | None:
        channel = entry.account.channel_id
        if entry.account.kind is not AccountKind.DEPOSIT or channel is None:
            return [entry]
        had = self._standings.get((channel, currency), Standing())
        taken, owed = self._parts(had, entry)
        if owed and entry.debit_minor and entry.reach is not Reach.OWED:
            return None
        self._standings[channel, currency] = replace(
            had, balance_minor=had.balance_minor + taken, owed_minor=had.owed_minor - owed
        )
        parts = [credit(entry.account, taken), credit(receivable(channel), owed)]
        return [one for one in parts if one.minor]

    def _parts(self, had: Standing, entry: Entry) -> tuple[int, int]:
        """What an entry adds to the deposit, and what to the receivable; both are negative for a debit."""
        if entry.credit_minor:
            paid = min(had.owed_minor, entry.credit_minor) if entry.reach is Reach.OWED else 0
            return entry.credit_minor - paid, paid
        given = max(min(entry.debit_minor, had.can_give(entry.reach)), 0)
        if given < entry.debit_minor:
            self.was_short = True
        return -given, given - entry.debit_minor


def debited(asked: Iterable[Transfer]) -> set[Purse]:
    """Whose deposits are taken from: these are locked, others are only added to."""
    return _purses(asked, lambda entry: entry.debit_minor > 0)


def settling(asked: Iterable[Transfer]) -> set[Purse]:
    """Whose debts may grow or be paid."""
    return _purses(asked, lambda entry: entry.reach is Reach.OWED)


def _purses(asked: Iterable[Transfer], is_wanted: Callable[[Entry], bool]) -> set[Purse]:
    return {
        (entry.account.channel_id, transfer.currency)
        for transfer in asked
        for entry in transfer.entries
        if entry.account.kind is AccountKind.DEPOSIT and entry.account.channel_id and is_wanted(entry)
    }
