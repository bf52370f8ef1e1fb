"""Covering and writing transfers: all that a transaction posts at once, whoever shares it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from domain.ids import new_id
from domain.ledger.accounts import Account, AccountKind, deposit, receivable
from domain.ledger.covering import Coverage, Standing, debited, settling
from persistence.ledger import sql
from persistence.sharing.stops import Asked, Turn, stop
from persistence.statements import Statement

if TYPE_CHECKING:
    from uuid import UUID

    from domain.access.callers import Caller
    from domain.ledger.covering import Purse
    from domain.ledger.transfers import Transfer
    from domain.refusals import Refusal
    from persistence.statements import Connection

Named = tuple[Account, str]
"""An account and its currency."""

ENTER = Statement(f"WITH {sql.ENTERING} SELECT {sql.ENTERED}")


@dataclass(frozen=True, slots=True)
class Books:
    """The accounts that a transaction holds locked, by id, and what they have."""

    locked: dict[Named, int]
    standings: dict[Purse, Standing]


NOTHING = Books({}, {})


@dataclass(frozen=True, slots=True)
class StoredCover:
    """Transfers as they are to be written, and the books that they were covered by."""

    transfers: list[Transfer]
    books: Books


@dataclass(frozen=True, slots=True)
class Posting:
    """Covered transfers that are to be written, and in whose name."""

    covered: StoredCover
    caller: Caller
    request_id: str


def takes_from_nobody(transfers: Iterable[Transfer]) -> bool:
    """Whether there is nothing to lock: accounts are added to, and what was held is taken."""
    return not _guarded(transfers)


def uncovered(transfers: Sequence[Transfer]) -> StoredCover:
    """Transfers that take from nobody need no look at anything."""
    covered = Coverage({}).cover(transfers)
    assert isinstance(covered, list)
    return StoredCover(covered, NOTHING)


@stop(Turn.MONEY, holds=True)
async def cover(on: Connection, asked: Sequence[Asked[Sequence[Transfer]]]) -> list[StoredCover | Refusal]:
    """Whoever came first is covered first."""
    wanted = [transfer for one in asked for transfer in one.what]
    books = await _locked(on, wanted)
    coverage = Coverage(books.standings)
    covered = [coverage.cover(one.what) for one in asked]
    if coverage.was_short:
        # What was added since the last roll-up counts too, and a repetition needs no cover.
        await sql.ROLL_UP_LOCKED.run(on, accounts=list(books.locked.values()))
        known = await _known(on, wanted)
        books = await _locked(on, wanted)
        coverage = Coverage(books.standings)
        covered = [coverage.cover([one for one in ask.what if _name(one) not in known]) for ask in asked]
        books = await _with_debts(on, books, covered)
    return [StoredCover(one, books) if isinstance(one, list) else one for one in covered]


@stop(Turn.LEDGER, writes=True)
async def enter(on: Connection, asked: Sequence[Asked[Posting]]) -> list[Refusal | None]:
    """Write what is covered, now."""
    await written(on, [one.what for one in asked])
    return [None] * len(asked)


async def written(on: Connection, postings: Sequence[Posting]) -> None:
    """Write what is covered; accounts that are used for the first time are opened."""
    values = values_of(postings)
    if not await ENTER.value(on, **values):
        await open_accounts(on, _named(postings))
        if not await ENTER.value(on, **values):
            raise RuntimeError("An account that was opened is not there.")


def values_of(postings: Sequence[Posting]) -> dict[str, Sequence[Any]]:
    """The values of `sql.ENTERING`."""
    rows = [(transfer, new_id(), one) for one in postings for transfer in one.covered.transfers]
    numbers = {name: number for number, name in enumerate(_named(postings), 1)}
    locked = {name for one in postings for name in one.covered.books.locked}
    entries = [
        (numbers[entry.account, transfer.currency], made, entry.minor)
        for transfer, made, _ in rows
        for entry in transfer.entries
    ]
    vesting = [(made, transfer.vests_at) for transfer, made, _ in rows if _vests(transfer)]
    return {
        "account_kinds": [account.kind.value for account, _ in numbers],
        "account_channels": [account.channel_id for account, _ in numbers],
        "account_currencies": [currency for _, currency in numbers],
        "in_place": [name in locked for name in numbers],
        "ids": [made for _, made, _ in rows],
        "types": [transfer.type.value for transfer, *_ in rows],
        "business_ids": [transfer.business_id for transfer, *_ in rows],
        "currencies": [transfer.currency for transfer, *_ in rows],
        "orders": [transfer.order_id for transfer, *_ in rows],
        "by_kinds": [one.caller.kind.value for *_, one in rows],
        "by_ids": [one.caller.subject_id for *_, one in rows],
        "requests": [one.request_id for *_, one in rows],
        "accounts": [number for number, *_ in entries],
        "transfers": [made for _, made, _ in entries],
        "minors": [minor for *_, minor in entries],
        "vesting": [made for made, _ in vesting],
        "vests_at": [at for _, at in vesting],
    }


def _named(postings: Sequence[Posting]) -> list[Named]:
    """Every account once."""
    transfers = (transfer for one in postings for transfer in one.covered.transfers)
    return list({(entry.account, one.currency): None for one in transfers for entry in one.entries})


def _vests(transfer: Transfer) -> bool:
    waits = any(entry.account.kind is AccountKind.PENDING for entry in transfer.entries)
    return waits and transfer.vests_at is not None


async def _locked(on: Connection, wanted: Sequence[Transfer]) -> Books:
    """The books; a deposit that is used for the first time is opened, so that it can be locked."""
    guarded = _guarded(wanted)
    books = await _read(on, guarded)
    missing = [
        one for one in guarded if one not in books.locked and one[0].kind is not AccountKind.RECEIVABLE
    ]
    if missing:
        await open_accounts(on, missing)
        books = await _read(on, guarded)
    return books


async def _with_debts(on: Connection, books: Books, covered: Iterable[Any]) -> Books:
    """The books with receivables of those who owe for the first time."""
    owing = {
        (entry.account, transfer.currency)
        for one in covered if isinstance(one, list)
        for transfer in one for entry in transfer.entries
        if entry.account.kind is AccountKind.RECEIVABLE
    } - books.locked.keys()  # fmt: skip
    if not owing:
        return books
    await open_accounts(on, owing)
    debts = await _read(on, owing)
    return Books(books.locked | debts.locked, books.standings)


def _guarded(wanted: Iterable[Transfer]) -> set[Named]:
    """What is locked: deposits that are taken from, and debts that may change."""
    wanted = list(wanted)
    deposits = {(deposit(channel), currency) for channel, currency in debited(wanted)}
    debts = {(receivable(channel), currency) for channel, currency in settling(wanted)}
    return deposits | debts


async def _read(on: Connection, guarded: Iterable[Named]) -> Books:
    names = sorted(guarded, key=_sorting)
    rows = await sql.LOCK.all(
        on,
        kinds=[account.kind.value for account, _ in names],
        channels=[account.channel_id for account, _ in names],
        currencies=[currency for _, currency in names],
    )
    found = {(Account(AccountKind(row["kind"]), row["channel_id"]), row["currency"]): row for row in rows}
    standings: dict[Purse, Standing] = {}
    for (account, currency), row in found.items():
        if account.channel_id is not None:
            purse = account.channel_id, currency
            had, minor = standings.get(purse, Standing()), row["balance_minor"]
            standings[purse] = (
                replace(had, balance_minor=minor, credit_minor=row["credit_minor"])
                if account.kind is AccountKind.DEPOSIT
                else replace(had, owed_minor=-minor)
            )
    return Books({name: row["id"] for name, row in found.items()}, standings)


async def open_accounts(on: Connection, names: Iterable[Named], credit_minor: int = 0) -> None:
    """Open accounts that are missing, with nothing in them; the credit is the deposits'."""
    names = sorted(names, key=_sorting)
    await sql.OPEN.run(
        on,
        kinds=[account.kind.value for account, _ in names],
        channels=[account.channel_id for account, _ in names],
        currencies=[currency for _, currency in names],
        credits=[credit_minor if account.kind is AccountKind.DEPOSIT else 0 for account, _ in names],
    )


async def _known(on: Connection, wanted: Sequence[Transfer]) -> set[tuple[str, UUID]]:
    rows = await sql.KNOWN.all(
        on,
        types=[one.type.value for one in wanted],
        business_ids=[one.business_id for one in wanted],
    )
    return {(row["type"], row["business_id"]) for row in rows}


def _name(transfer: Transfer) -> tuple[str, UUID]:
    return transfer.type.value, transfer.business_id


def _sorting(name: Named) -> tuple[str, str, str]:
    account, currency = name
    return str(account.channel_id or ""), account.kind.value, currency
