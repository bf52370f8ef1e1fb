"""Statements as they are read: a page for the API, or part by part for a file that may be long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.identifiers import storable
from domain.access.permissions import ACCOUNT_READ
from domain.ledger.statements.period import Period
from domain.ledger.statements.ports import StatementFile, StatementWanted
from domain.ledger.statements.ticket import Ticket
from domain.ledger.statements.views import (
    DownloadView,
    StatementEntryView,
    StatementFormat,
    StatementView,
)
from domain.ledger.statements.words import description_of
from domain.ledger.transfers import TransferType
from domain.money import DIGITS, Money
from domain.paging import Page, PageRequest, cursor_of
from domain.refusals import BadRequest
from persistence.ledger import statement_sql as sql

if TYPE_CHECKING:
    import asyncpg

    from domain.access.callers import Caller
    from persistence.database import Database
    from persistence.work import Tools

ENTRIES = "statement-entries"
PART = 250
"""Entries of a file that are in memory at once."""

PATH = "/downloads/statements/"
_SLACK = timedelta(days=1)
"""How far the clocks of processes and of the database may be apart."""


class StoredStatements:
    """Fills `domain.ledger.statements.ports.StatementReads`."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database, self._vault, self._settings = database, tools.vault, tools.settings

    async def statement(self, caller: Caller, wanted: StatementWanted) -> StatementView | None:
        """A statement."""
        if not caller.is_back_office or not caller.may(ACCOUNT_READ) or not storable(wanted.channel or ""):
            return None
        own = caller.channel if wanted.channel is None else None
        return await self._summed(wanted, id=own, code=wanted.channel, scope=caller.channel)

    async def entries_of(
        self, statements: Sequence[StatementView], request: PageRequest
    ) -> list[Page[StatementEntryView]]:
        """A page of each."""
        statement = sql.BACKWARDS if request.backwards else sql.FORWARDS
        async with self._database.connection() as connection:
            rows = await statement.all(
                connection,
                accounts=[one.account_id for one in statements],
                firsts=[one.first_transfer_id for one in statements],
                starts=[one.starts_at for one in statements],
                ends=[one.ends_at for one in statements],
                floors=[_floor(one.starts_at) for one in statements],
                ceilings=[_floor(one.ends_at + 2 * _SLACK) for one in statements],
                key=request.last_id,
                most=request.limit + 1,
            )
        found: dict[int, list[tuple[StatementEntryView, str]]] = defaultdict(list)
        for row in rows:
            of = statements[row["n"] - 1]
            view = _entry(row, of, of.opening.minor + row["running"])
            found[row["n"] - 1].append((view, cursor_of(ENTRIES, [row["sort_id"].hex])))
        return [Page.cut(found[n], request, _counted(one)) for n, one in enumerate(statements)]

    def links_to(self, statements: Sequence[StatementView], format: StatementFormat) -> list[DownloadView]:
        """A link for each."""
        until = datetime.now(UTC) + timedelta(minutes=self._settings.download_minutes)
        until = until.replace(microsecond=0)
        return [
            DownloadView(PATH + self._ticket(one, format, until).text(self._fingerprint), until)
            for one in statements
        ]

    async def fetch(self, ticket: str) -> StatementFile | None:
        """The file of a ticket."""
        read = Ticket.read(ticket, self._fingerprint)
        if read is None or read.expires_at <= datetime.now(UTC):
            return None
        wanted = StatementWanted(Period.of(read.period), None, read.account, read.currency)
        found = await self._summed(wanted, id=read.channel_id, code=None, scope=None)
        return None if found is None else StatementFile(found, read.format, self._parts(found))

    async def _summed(self, wanted: StatementWanted, **which: Any) -> StatementView | None:
        if wanted.currency not in DIGITS:
            raise BadRequest(f"{wanted.currency} is not a currency that is kept here.")
        zone = self._settings.calendar_zone
        period = wanted.period or Period.month_of(datetime.now(UTC), zone)
        starts, ends = period.within(zone)
        async with self._database.connection() as connection:
            row = await sql.SUMMARY.one(
                connection,
                kind=wanted.account.value,
                currency=wanted.currency,
                starts=starts,
                ends=ends,
                floor=_floor(starts),
                **which,
            )
        if row is None:
            return None
        return StatementView(
            channel_id=row["channel_id"],
            channel_code=row["code"],
            account=wanted.account,
            period=period,
            zone=zone,
            starts_at=starts,
            ends_at=ends,
            opening=Money(row["opening"], wanted.currency),
            closing=Money(row["closing"], wanted.currency),
            came_in=Money(row["came_in"], wanted.currency),
            went_out=Money(-row["went_out"], wanted.currency),
            count=row["entries"],
            final=row["final"],
            account_id=row["account_id"],
            first_transfer_id=row["first_id"],
        )

    async def _parts(self, of: StatementView) -> AsyncIterator[Sequence[StatementEntryView]]:
        """No connection is held while a client takes its time over a part."""
        if of.account_id is None:
            return
        where = {"account": of.account_id, "starts": of.starts_at, "ends": of.ends_at}
        where["first"] = of.first_transfer_id
        balance, after = of.opening.minor, _floor(of.starts_at)
        async with self._database.connection() as connection:
            rows = await sql.FIRST.all(connection, **where)
        while True:
            part = []
            for row in rows:
                balance += row["minor"]
                part.append(_entry(row, of, balance))
            if part:
                yield part
            async with self._database.connection() as connection:
                rows = await sql.NEXT.all(
                    connection, **where, after=after, ceiling=_floor(of.ends_at + 2 * _SLACK), most=PART
                )
            if not rows:
                return
            after = rows[-1]["transfer_id"]

    def _ticket(self, of: StatementView, format: StatementFormat, until: datetime) -> Ticket:
        return Ticket(of.channel_id, of.account, of.opening.currency, of.period.text, format, until)

    def _fingerprint(self, purpose: str, text: str) -> bytes:
        return self._vault.token_hmac(f"{purpose}\x00{text}")


def _floor(moment: datetime) -> UUID:
    """An id that is less than all that are made from then on."""
    stamp = max(int((moment - _SLACK).timestamp() * 1_000), 0)
    return UUID(int=stamp << 80)


def _entry(row: asyncpg.Record, of: StatementView, balance_minor: int) -> StatementEntryView:
    type_, currency = TransferType(row["type"]), of.opening.currency
    return StatementEntryView(
        row["transfer_id"],
        row["posted_at"],
        type_,
        description_of(type_, row["said"]),
        row["order_id"],
        row["number"],
        Money(row["minor"], currency),
        Money(balance_minor, currency),
    )


def _counted(of: StatementView) -> Any:
    async def count() -> int:
        return of.count

    return count
