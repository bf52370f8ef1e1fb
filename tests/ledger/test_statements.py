"""Opening and entries make the closing balance, over every edge of a period, on the screen and in a file."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from domain.access.callers import Caller, CallerKind
from domain.access.permissions import Role, of_agent
from domain.ids import new_id
from domain.ledger.accounts import AccountKind
from domain.ledger.cash import topped_up, withdrawal_held
from domain.ledger.sales import paid, placed, release
from domain.ledger.statements.period import Period
from domain.ledger.statements.ports import StatementWanted
from domain.ledger.statements.views import StatementFormat, StatementView
from domain.ledger.statements.words import description_of
from domain.ledger.transfers import TransferType
from domain.paging import PageRequest
from domain.refusals import BadRequest
from persistence.cards.vault import Vault
from persistence.ledger.statements import StoredStatements
from persistence.settings import Settings
from persistence.spreadsheets.workbook import read_workbook
from persistence.work import Tools
from resolvers.downloads.statements import PATH, StatementFiles
from tests.cards.keyrings import MemoryKeys
from tests.ledger.bank import PARENTS, Bank

NOVEMBER, OCTOBER, DECEMBER = (Period.of(text) for text in ("2025-11", "2025-10", "2025-12"))
EDGE = datetime(2025, 10, 31, 16, tzinfo=UTC)
"""The first moment of November in Shanghai."""


KEYS = MemoryKeys()


def reads_of(bank: Bank, **settings: int) -> StoredStatements:
    chosen = Settings(demo=True).model_copy(update=settings)
    return StoredStatements(bank.database, Tools(Vault(KEYS), chosen))


def owner(bank: Bank, name: str, role: Role = Role.OWNER) -> Caller:
    path, at = [bank.channels[name]], name
    while (above := PARENTS[at]) is not None:
        at = above
        path.insert(0, bank.channels[at])
    permissions = of_agent(frozenset({role}), len(path) == 1)
    return Caller(CallerKind.AGENT, permissions, new_id(), channel_id=path[-1], channel_path=tuple(path))


async def post(bank: Bank, transfers: list[Any], at: datetime) -> None:
    """Post as it would have been posted at another moment: ids and moments are both of then."""
    await bank.post(transfers)
    owner = await asyncpg.connect(bank.database.dsn)
    recent = "SELECT id FROM ledger_transfer WHERE posted_at > now() - interval '1 day'"
    moved = "CAST(overlay(replace({0}::text, '-', '') placing $1 from 1 for 12) AS uuid)"
    for table in ("ledger_entry", "ledger_transfer"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    entry = (
        f"UPDATE ledger_entry SET transfer_id = {moved.format('transfer_id')} WHERE transfer_id IN ({recent})"
    )
    await owner.execute(entry, f"{int(at.timestamp() * 1000):012x}")
    transfer = f"UPDATE ledger_transfer SET id = {moved.format('id')}, posted_at = $2 WHERE id IN ({recent})"
    await owner.execute(transfer, f"{int(at.timestamp() * 1000):012x}", at)
    await owner.close()


async def story(bank: Bank) -> None:
    """S: 100.00 before November, then 30.00 in, two orders, one of which is given up, 20.00 out; December."""
    shop = bank.channels["S"]
    sold, unpaid = bank.trade(), bank.trade()
    second = timedelta(seconds=1)
    await post(bank, topped_up(new_id(), shop, 30_000, "CNY"), EDGE - second)
    await post(bank, topped_up(new_id(), shop, 3_000, "CNY"), EDGE)
    await post(bank, placed(sold), EDGE + second)
    await post(bank, placed(unpaid), EDGE + 2 * second)
    await post(bank, paid(sold, {}, EDGE, by_headquarters=True), EDGE + 3 * second)
    await post(bank, release(unpaid), EDGE + timedelta(days=29, hours=23, minutes=59, seconds=59))
    await post(bank, withdrawal_held(new_id(), shop, 2_000, "CNY"), EDGE + timedelta(days=30))


async def of(bank: Bank, period: Period, channel: str | None = "s", **more: Any) -> StatementView:
    found = await reads_of(bank).statement(owner(bank, "HQ"), StatementWanted(period, channel, **more))
    assert found is not None
    return found


async def test_a_month_begins_with_what_the_month_before_it_ended_with(bank: Bank) -> None:
    await story(bank)
    reads = reads_of(bank)
    figures = {}
    for period in (
        OCTOBER,
        NOVEMBER,
        DECEMBER,
        Period.of("2025"),
        Period.of("2025-11-01"),
        Period.of("2026"),
    ):
        found = await of(bank, period)
        figures[period.text] = tuple(
            one.minor for one in (found.opening, found.came_in, found.went_out, found.closing)
        )
        assert found.opening + found.came_in - found.went_out == found.closing
        page = PageRequest.of(100, None, None, None, "statement-entries")
        (entries,) = await reads.entries_of([found], page)
        assert (
            sum(edge.node.amount.minor for edge in entries.edges) == found.closing.minor - found.opening.minor
        )
        assert len(entries.edges) == await entries.count() == found.count
    assert figures == {
        "2025-10": (0, 30_000, 0, 30_000),
        "2025-11": (30_000, 21_300, 18_600, 32_700),
        "2025-12": (32_700, 0, 2_000, 30_700),
        "2025": (0, 51_300, 20_600, 30_700),
        "2025-11-01": (30_000, 12_000, 18_600, 23_400),
        "2026": (30_700, 0, 0, 30_700),
    }
    held = await of(bank, NOVEMBER, account=AccountKind.HOLD)
    assert [held.opening.minor, held.came_in.minor, held.went_out.minor] == [0, 18_600, 18_600]
    margin = await of(bank, NOVEMBER, "q", account=AccountKind.PENDING)
    assert [margin.opening.minor, margin.closing.minor] == [0, 500]
    nothing = await of(bank, NOVEMBER, "t", currency="USD", account=AccountKind.RECEIVABLE)
    assert (nothing.closing.minor, nothing.closing.currency, nothing.account_id) == (0, "USD", None)


async def test_entries_come_page_by_page_with_what_was_left_after_each(bank: Bank) -> None:
    await story(bank)
    reads, found = reads_of(bank), await of(bank, NOVEMBER)
    seen, after = [], None
    while True:
        request = PageRequest.of(2, after, None, None, "statement-entries")
        (page,) = await reads.entries_of([found], request)
        seen += [
            (edge.node.type.value, edge.node.amount.minor, edge.node.balance.minor) for edge in page.edges
        ]
        after = page.page_info.end_cursor
        if not page.page_info.has_next_page:
            break
    assert seen == [
        ("TOP_UP", 3_000, 33_000), ("HOLD", -9_300, 23_700), ("HOLD", -9_300, 14_400),
        ("COLLECTED", 9_000, 23_400), ("RELEASE", 9_300, 32_700),
    ]  # fmt: skip
    backwards = PageRequest.of(None, None, 2, None, "statement-entries")
    last, none = await reads.entries_of([found, await of(bank, OCTOBER, "t")], backwards)
    assert [edge.node.balance.minor for edge in last.edges] == [23_400, 32_700]
    assert none.edges == []
    foreign = PageRequest(2, after=["x"])
    with pytest.raises(BadRequest):
        await reads.entries_of([found], foreign)


async def test_each_sees_its_own_statement_and_those_below(bank: Bank) -> None:
    reads, seen = reads_of(bank), {}
    for name in ("HQ", "P", "S", "T"):
        for channel in (None, "p", "s", "nowhere"):
            found = await reads.statement(owner(bank, name), StatementWanted(NOVEMBER, channel))
            seen[name, channel] = None if found is None else found.channel_code
    assert [key for key, code in seen.items() if code is None] == [
        ("HQ", "nowhere"), ("P", "nowhere"), ("S", "p"), ("S", "nowhere"), ("T", "p"), ("T", "s"),
        ("T", "nowhere"),
    ]  # fmt: skip
    assert [seen[name, None] for name in ("HQ", "P", "S", "T")] == ["hq", "p", "s", "t"]
    assert await reads.statement(owner(bank, "S", Role.SALES), StatementWanted(NOVEMBER)) is None


async def fetched(
    reads: StoredStatements, url: str, method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    """What the server answers to somebody without a token."""
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()  # the client stays

    async def send(message: Any) -> None:
        sent.append(message)

    await StatementFiles(reads)({"type": "http", "method": method, "path": url}, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(one["body"] for one in sent[1:])


async def test_the_file_says_what_the_statement_says(bank: Bank) -> None:
    await story(bank)
    unsettled, early = reads_of(bank), await of(bank, NOVEMBER)
    (link,) = unsettled.links_to([early], StatementFormat.CSV)
    assert (early.final, (await fetched(unsettled, link.url))[2].decode().count("not final")) == (False, 1)
    await bank.settle()
    reads, found = reads_of(bank), await of(bank, NOVEMBER)
    (link,) = reads.links_to([found], StatementFormat.CSV)
    status, headers, body = await fetched(reads, link.url)
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert (
        found.final,
        (await of(bank, Period.of(f"{datetime.now(UTC) + timedelta(days=2):%Y}"))).final,
    ) == (True, False)
    assert headers["content-disposition"] == 'attachment; filename="statement-s-2025-11.csv"'
    assert body.startswith("\ufeff时间 Time,类型 Type".encode())
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    assert rows[1:] == [
        ["2025-11-01 00:00:00", "OPENING_BALANCE", "", "期初余额 Opening balance", "", "", "300.00"],
        ["2025-11-01 00:00:00", "TOP_UP", "", "Top-up", "30.00", "", "330.00"],
        ["2025-11-01 00:00:01", "HOLD", "", "Held for an order", "", "93.00", "237.00"],
        ["2025-11-01 00:00:02", "HOLD", "", "Held for an order", "", "93.00", "144.00"],
        [
            "2025-11-01 00:00:03",
            "COLLECTED",
            "",
            "Taken from the buyer by headquarters",
            "90.00",
            "",
            "234.00",
        ],
        ["2025-11-30 23:59:59", "RELEASE", "", "Given back: the order was not paid", "93.00", "", "327.00"],
        ["2025-12-01 00:00:00", "CLOSING_BALANCE", "", "期末余额 Closing balance", "", "", "327.00"],
    ]
    (book,) = reads.links_to([found], StatementFormat.XLSX)
    status, headers, body = await fetched(reads, book.url)
    assert headers["content-disposition"].endswith('.xlsx"')
    sheet = [cells for _, cells in read_workbook(io.BytesIO(body)).rows]
    assert [Decimal(str(cells[-1])) for cells in sheet[1:]] == [Decimal(row[-1]) for row in rows[1:]]


async def test_a_link_that_was_not_signed_or_is_over_leads_nowhere(bank: Bank) -> None:
    reads, found = reads_of(bank), await of(bank, NOVEMBER)
    (link,) = reads.links_to([found], StatementFormat.CSV)
    assert (await fetched(reads, link.url))[0] == 200
    forged = link.url[:-1] + ("A" if link.url[-1] != "A" else "B")
    assert [(await fetched(reads, url))[0] for url in (forged, PATH, PATH + "x", PATH + "é.é")] == [404] * 4
    assert (await fetched(reads, link.url, "POST"))[0] == 405
    late = reads_of(bank, download_minutes=0)
    (expired,) = late.links_to([found], StatementFormat.CSV)
    assert (await fetched(reads, expired.url))[0] == 404


@pytest.mark.parametrize(
    "text", ["", "2025-13", "2025-02-30", "1999-01", "2025-1", "2025-11-1", "２０２５", "x"]
)
def test_a_period_is_a_year_a_month_or_a_day(text: str) -> None:
    with pytest.raises(BadRequest):
        Period.of(text)
    day = Period.of("2024-02-29")
    assert [moment.astimezone(UTC).isoformat() for moment in day.within("Asia/Shanghai")] == [
        "2024-02-28T16:00:00+00:00", "2024-02-29T16:00:00+00:00",
    ]  # fmt: skip
    assert Period.of("2025-12").until.isoformat() == "2026-01-01"


def test_every_type_of_transfer_has_words() -> None:
    assert all(description_of(type_, None) for type_ in TransferType)
    assert description_of(TransferType.TOP_UP, "ICBC 1") == "Top-up: ICBC 1"
