"""What is read of statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from domain.ledger.accounts import AccountKind

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.ledger.statements.period import Period
    from domain.ledger.statements.views import (
        DownloadView,
        StatementEntryView,
        StatementFormat,
        StatementView,
    )
    from domain.paging import Page, PageRequest


@dataclass(frozen=True, slots=True)
class StatementWanted:
    """Which statement; `channel` is a code, None the caller's own; without a period it is this month's."""

    period: Period | None = None
    channel: str | None = None
    account: AccountKind = AccountKind.DEPOSIT
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement that is being fetched: its entries come in parts, as they are read."""

    statement: StatementView
    format: StatementFormat
    entries: AsyncIterator[Sequence[StatementEntryView]]


class StatementReads(Protocol):
    """Statements of the caller's channel and of those below it."""

    async def statement(self, caller: Caller, wanted: StatementWanted) -> StatementView | None:
        """A statement; None for a channel that the caller does not see."""

    async def entries_of(
        self, statements: Sequence[StatementView], request: PageRequest
    ) -> list[Page[StatementEntryView]]:
        """A page of each one's entries, the oldest first."""

    def links_to(self, statements: Sequence[StatementView], format: StatementFormat) -> list[DownloadView]:
        """A link for each, for whoever has it, for some minutes."""

    async def fetch(self, ticket: str) -> StatementFile | None:
        """The file of a link's ticket; None for one that is forged or has expired."""
