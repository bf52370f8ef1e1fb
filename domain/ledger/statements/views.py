"""What is shown of statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.ledger.accounts import AccountKind
from domain.ledger.statements.period import Period
from domain.ledger.transfers import TransferType
from domain.money import Money


class StatementFormat(StrEnum):
    """How a statement is written to a file."""

    CSV = "CSV"
    XLSX = "XLSX"


@dataclass(frozen=True, slots=True)
class StatementView:
    """An account of a channel in a period: opening and all entries make the closing balance."""

    channel_id: UUID
    channel_code: str
    account: AccountKind
    period: Period
    zone: str
    starts_at: datetime
    ends_at: datetime
    opening: Money
    closing: Money
    came_in: Money
    went_out: Money
    count: int
    final: bool
    """Whether nothing will be booked in the period any more: such a statement never changes."""
    account_id: int | None
    """None where nothing ever was on the account."""
    first_transfer_id: UUID | None
    """The transfer that opened the account, whose id may not be of its time."""


@dataclass(frozen=True, slots=True)
class StatementEntryView:
    """What one transfer added to the account."""

    transfer_id: UUID
    at: datetime
    type: TransferType
    description: str
    order_id: UUID | None
    order_number: str | None
    amount: Money
    """Negative for what went out."""
    balance: Money
    """After it."""


@dataclass(frozen=True, slots=True)
class DownloadView:
    """Where a file can be fetched, and until when."""

    url: str
    expires_at: datetime
