"""Transfers: entries that sum to zero, named so that a repetition is recognised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from domain.ledger.accounts import Account


class TransferType(StrEnum):
    """Why money moved; with the business id it names a transfer for good."""

    OPENING = "OPENING"
    """What a channel's deposit starts with, by the channel's id."""
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    COLLECTED = "COLLECTED"
    SALE = "SALE"
    COST = "COST"
    PROMOTION = "PROMOTION"
    VEST = "VEST"
    """These seven by the order's id."""
    REFUND = "REFUND"
    PROMOTION_BACK = "PROMOTION_BACK"
    MONEY_BACK = "MONEY_BACK"
    COST_BACK = "COST_BACK"
    LOSS = "LOSS"
    """These five by the refund's id; a LOSS that is found out later by the id of the goods' return."""
    TOP_UP = "TOP_UP"
    WITHDRAWAL_HOLD = "WITHDRAWAL_HOLD"
    WITHDRAWAL_RELEASE = "WITHDRAWAL_RELEASE"
    WITHDRAWAL = "WITHDRAWAL"
    """These four by the request's id."""
    ADJUSTMENT = "ADJUSTMENT"
    """A correction by a person, by the id of its approval."""


class Reach(IntEnum):
    """How far a debit of a deposit may go, and what a credit of one pays first."""

    CREDIT = 0
    """Down to minus the credit limit; a BalanceTooLow beyond."""
    OWN = 1
    """Down to zero: credit is for buying, not for taking out."""
    OWED = 2
    """A debit takes what the deposit has within its credit, the rest is owed; a credit first pays what is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a transfer: either amount is positive minor units, and the other zero."""

    account: Account
    debit_minor: int = 0
    credit_minor: int = 0
    reach: Reach = Reach.CREDIT

    @property
    def minor(self) -> int:
        """What it adds to the account's balance."""
        return self.credit_minor - self.debit_minor


class Unbalanced(ValueError):
    """A transfer's debits are not its credits: a fault of ours, never of a caller."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Immutable; a correction is another transfer. Raises Unbalanced when it is made wrongly."""

    type: TransferType
    business_id: UUID
    currency: str
    entries: tuple[Entry, ...]
    order_id: UUID | None = None
    vests_at: datetime | None = None
    """When what it adds to PENDING accounts vests; of a SALE only."""

    def __post_init__(self) -> None:
        if any(min(one.debit_minor, one.credit_minor) != 0 or one.minor == 0 for one in self.entries):
            raise Unbalanced(f"An entry of {self.type} is on both sides, on none or below zero.")
        if sum(one.minor for one in self.entries):
            raise Unbalanced(f"The entries of {self.type} {self.business_id} do not sum to zero.")


def debit(account: Account, minor: int, reach: Reach = Reach.CREDIT) -> Entry:
    """Take from an account; a negative amount adds to it."""
    return Entry(account, debit_minor=minor, reach=reach) if minor >= 0 else Entry(account, 0, -minor, reach)


def credit(account: Account, minor: int, reach: Reach = Reach.CREDIT) -> Entry:
    """Add to an account; a negative amount takes from it."""
    return debit(account, -minor, reach)


def transfers(
    type: TransferType,
    business_id: UUID,
    currency: str,
    entries: Iterable[Entry],
    order_id: UUID | None = None,
    vests_at: datetime | None = None,
) -> list[Transfer]:
    """A list of one, with one entry for each account; empty where nothing moves."""
    sums: dict[tuple[Account, Reach], int] = {}
    for one in entries:
        key = one.account, one.reach
        sums[key] = sums.get(key, 0) + one.minor
    kept = tuple(credit(account, minor, reach) for (account, reach), minor in sums.items() if minor)
    return [Transfer(type, business_id, currency, kept, order_id, vests_at)] if kept else []
