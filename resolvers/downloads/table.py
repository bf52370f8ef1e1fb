"""A statement as a table: a header, what was there, every entry, and what is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.ledger.statements.ports import StatementFile
from domain.ledger.statements.views import StatementEntryView
from domain.money import Money

Cell = str | datetime | Money | None
"""A moment is what a clock in the statement's zone shows, without a zone: spreadsheets know none."""
Row = tuple[Cell, ...]

HEADER = (
    "时间 Time",
    "类型 Type",
    "订单号 Order",
    "说明 Description",
    "收入 In",
    "支出 Out",
    "余额 Balance",
)


async def rows_of(file: StatementFile) -> AsyncIterator[Sequence[Row]]:
    """Parts of the table; the last row is the sum of all before it."""
    statement, zone = file.statement, ZoneInfo(file.statement.zone)
    starts, ends = (_shown(moment, zone) for moment in (statement.starts_at, statement.ends_at))
    balance = statement.opening
    yield [HEADER, (starts, "OPENING_BALANCE", None, "期初余额 Opening balance", None, None, balance)]
    async for part in file.entries:
        yield [_row(entry, zone) for entry in part]
        balance = part[-1].balance
    # A file is passed on without the API's answer: it says itself whether more may come.
    said = "期末余额 Closing balance" if statement.final else "目前余额 Balance so far, not final"
    yield [(ends, "CLOSING_BALANCE", None, said, None, None, balance)]


def _row(entry: StatementEntryView, zone: ZoneInfo) -> Row:
    amount = entry.amount
    came_in, went_out = (amount, None) if amount.minor > 0 else (None, Money(-amount.minor, amount.currency))
    words = entry.order_number, entry.description
    return (_shown(entry.at, zone), entry.type.value, *words, came_in, went_out, entry.balance)


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
