"""Accounts: those that each channel has, and those of headquarters.

A credit adds to an account and a debit takes from it, so what is owed to a channel is positive, and what a
channel owes (RECEIVABLE), like headquarters' costs, is negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class AccountKind(StrEnum):
    """What an account is for."""

    DEPOSIT = "DEPOSIT"
    """Prepaid by a channel; what it buys is taken from here."""
    HOLD = "HOLD"
    """Taken from the deposit for orders that are not paid yet, and for withdrawals under way."""
    PENDING = "PENDING"
    """Earned, and not to be spent before it vests."""
    RECEIVABLE = "RECEIVABLE"
    """Owed by a channel whose deposit did not cover what was to be taken back."""
    REVENUE = "REVENUE"
    COST_OF_GOODS = "COST_OF_GOODS"
    SUPPLIER_PREPAID = "SUPPLIER_PREPAID"
    PROMOTION_EXPENSE = "PROMOTION_EXPENSE"
    PAYMENT_CLEARING = "PAYMENT_CLEARING"
    """Money that payment providers and banks hold for headquarters."""
    SALES_RETURNS = "SALES_RETURNS"
    LOSSES = "LOSSES"
    """Goods that were paid back and did not come back."""


OF_CHANNELS = frozenset({AccountKind.DEPOSIT, AccountKind.HOLD, AccountKind.PENDING, AccountKind.RECEIVABLE})
"""The others are headquarters', of which there is one."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account of each currency; `channel_id` is None for headquarters' own."""

    kind: AccountKind
    channel_id: UUID | None = None

    def __post_init__(self) -> None:
        if (self.kind in OF_CHANNELS) is (self.channel_id is None):
            raise ValueError(f"{self.kind} is {'no' if self.channel_id else 'an'} account of a channel.")


def deposit(channel_id: UUID) -> Account:
    """The deposit (预存款) of a channel."""
    return Account(AccountKind.DEPOSIT, channel_id)


def hold(channel_id: UUID) -> Account:
    """What is held of a channel's deposit."""
    return Account(AccountKind.HOLD, channel_id)


def pending(channel_id: UUID) -> Account:
    """What a channel has earned that has not vested."""
    return Account(AccountKind.PENDING, channel_id)


def receivable(channel_id: UUID) -> Account:
    """What a channel owes."""
    return Account(AccountKind.RECEIVABLE, channel_id)


REVENUE = Account(AccountKind.REVENUE)
COST_OF_GOODS = Account(AccountKind.COST_OF_GOODS)
SUPPLIER_PREPAID = Account(AccountKind.SUPPLIER_PREPAID)
PROMOTION_EXPENSE = Account(AccountKind.PROMOTION_EXPENSE)
PAYMENT_CLEARING = Account(AccountKind.PAYMENT_CLEARING)
SALES_RETURNS = Account(AccountKind.SALES_RETURNS)
LOSSES = Account(AccountKind.LOSSES)
