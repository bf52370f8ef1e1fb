"""The rows that go into an import and the rows that come out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from domain.cards.secret import Secret
from domain.refusals import Refusal

Cell = str | int | Decimal | bool | None
"""A cell as the file stores it; a number is a number only where the file says so, and `Decimal` where it is
not a whole one of at most 15 digits."""

Row = tuple[int, Sequence[Cell]]
"""The 1-based row of the spreadsheet and its cells from the first column on."""


class Reason(StrEnum):
    """Why a row of an import was refused."""

    DUPLICATE_IN_FILE = "DUPLICATE_IN_FILE"
    """An accepted row above has the same card."""
    DUPLICATE_IN_STOCK = "DUPLICATE_IN_STOCK"
    """The card was imported before, for this SKU or another."""
    MISSING_SECRET = "MISSING_SECRET"  # noqa: S105 - a reason, not a password
    """There is no secret in this row."""
    MISSING_NUMBER = "MISSING_NUMBER"
    """There is no card number in this row."""
    BAD_FORMAT = "BAD_FORMAT"
    """The code does not look like a code of this SKU."""
    BAD_DATE = "BAD_DATE"
    """The expiry cannot be read as a date."""
    EXPIRED = "EXPIRED"
    """The card has expired already."""
    BAD_LINK = "BAD_LINK"
    """This is not a link that a buyer could open."""
    INSECURE_LINK = "INSECURE_LINK"
    """The link is not https."""
    DAMAGED_BY_SPREADSHEET = "DAMAGED_BY_SPREADSHEET"
    """A spreadsheet turned the code into a number and its digits are lost."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A clean row: what goes into stock."""

    row: int
    secret: Secret
    number: Secret | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A refused row: nothing of it is kept but where it stood and why."""

    row: int
    reason: Reason


class RowRefused(Exception):
    """Ends the cleaning of a row."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(eq=False)
class UnreadableFile(Refusal):
    """This file cannot be read: {problem}."""

    problem: str

    @property
    def field(self) -> list[str] | None:
        """The file."""
        return ["file"]


@dataclass(eq=False)
class ColumnsNotFound(Refusal):
    """{problem} Found: {found}. Expected: {expected}."""

    problem: str
    found: str
    expected: str

    @property
    def field(self) -> list[str] | None:
        """The mapping that would settle it."""
        return ["columns"]
