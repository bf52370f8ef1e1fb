"""Covering and writing transfers: all that a transaction posts at once, whoever shares it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.ids import new_id
from domain.ledger.accounts import Account, AccountKind, deposit, receivable
from domain.ledger.covering import Coverage, Standing, debited, settling
from persistence.ledger import sql
from persistence.sharing.stops import Asked, Turn, stop

if TYPE_CHECKING:
    from uuid import UUID

    from domain.access.callers import Caller
    from domain.ledger.covering import Purse
    from domain.ledger.transfers import Transfer
    from domain.refusals import Refusal
    from persistence.statements import Connection

Named = tuple[Account, str]
"""An account and its currency."""


@dataclass(frozen=True, slots=True)
class Books:
    """The accounts that a transaction's transfers name, as they are while some of them are locked."""

    ids: dict[Named, int]
    locked: frozenset[int]
    standings: dict[Purse, Standing]


NOTHING = Books({}, frozenset(), {})


@dataclass(frozen=True, slots=True)
class StoredCover:
    """Transfers as they are to be written, and the books that they were covered by."""

    transfers: list[Transfer]
    books: Books


@stop(Turn.MONEY, holds=True)
async def cover(on: Connection, asked: Sequence[Asked[Sequence[Transfer]]]) -> list[StoredCover | Refusal]:
    """Whoever came first is covered first."""
    wanted = [transfer for one in asked for transfer in one.what]
    books = await _opened(on, wanted)
    coverage = Coverage(books.standings)
    covered = [coverage.cover(one.what) for one in asked]
    if coverage.was_short:
        # What was added since the last roll-up counts too, and a repetition needs no cover.
        await sql.ROLL_UP_LOCKED.run(on, accounts=list(books.locked))
        known = await _known(on, wanted)
        books = await _opened(on, wanted)
        coverage = Coverage(books.standings)
        covered = [coverage.cover([one for one in ask.what if _name(one) not in known]) for ask in asked]
        books = await _with_debts(on, books, covered)
    return [StoredCover(one, books) if isinstance(one, list) else one for one in covered]


@stop(Turn.LEDGER, writes=True)
async def enter(on: Connection, asked: Sequence[Asked[tuple[StoredCover, Caller]]]) -> list[Refusal | None]:
    """Write what is covered."""
    rows = [(transfer, new_id(), ask) for ask in asked for transfer in ask.what[0].transfers]
    entries = [
        (ask.what[0].books.ids[entry.account, transfer.currency], made, entry.minor)
        for transfer, made, ask in rows
        for entry in transfer.entries
    ]
    vesting = [(made, transfer.vests_at) for transfer, made, _ in rows if _vests(transfer)]
    await sql.ENTER.run(
        on,
        ids=[made for _, made, _ in rows],
        types=[transfer.type.value for transfer, *_ in rows],
        business_ids=[transfer.business_id for transfer, *_ in rows],
        currencies=[transfer.currency for transfer, *_ in rows],
        orders=[transfer.order_id for transfer, *_ in rows],
        by_kinds=[ask.what[1].kind.value for *_, ask in rows],
        by_ids=[ask.what[1].subject_id for *_, ask in rows],
        requests=[ask.work.request_id for *_, ask in rows],
        accounts=[account for account, *_ in entries],
        transfers=[made for _, made, _ in entries],
        minors=[minor for *_, minor in entries],
        locked=list({account for ask in asked for account in ask.what[0].books.locked}),
        vesting=[made for made, _ in vesting],
        vests_at=[at for _, at in vesting],
    )
    return [None] * len(asked)


def _vests(transfer: Transfer) -> bool:
    waits = any(entry.account.kind is AccountKind.PENDING for entry in transfer.entries)
    return waits and transfer.vests_at is not None


async def _opened(on: Connection, wanted: Sequence[Transfer]) -> Books:
    """The books; accounts that are used for the first time are opened."""
    guarded = _guarded(wanted)
    needed = {(entry.account, one.currency) for one in wanted for entry in one.entries} | guarded
    books = await _read(on, needed, guarded)
    missing = [one for one in needed if one not in books.ids and one[0].kind is not AccountKind.RECEIVABLE]
    if missing:
        await open_accounts(on, missing)
        books = await _read(on, needed, guarded)
    return books


async def _with_debts(on: Connection, books: Books, covered: Iterable[Any]) -> Books:
    """The books with receivables of those who owe for the first time."""
    owing = {
        (entry.account, transfer.currency)
        for one in covered if isinstance(one, list)
        for transfer in one for entry in transfer.entries
    } - books.ids.keys()  # fmt: skip
    if not owing:
        return books
    await open_accounts(on, owing)
    debts = await _read(on, owing, owing)
    return Books(books.ids | debts.ids, books.locked | debts.locked, books.standings)


def _guarded(wanted: Sequence[Transfer]) -> set[Named]:
    """What is locked: deposits that are taken from, and debts that may change."""
    deposits = {(deposit(channel), currency) for channel, currency in debited(wanted)}
    debts = {(receivable(channel), currency) for channel, currency in settling(wanted)}
    return deposits | debts


async def _read(on: Connection, needed: Iterable[Named], guarded: set[Named]) -> Books:
    names = sorted(needed, key=_sorting)
    rows = await sql.FIND.all(
        on,
        kinds=[account.kind.value for account, _ in names],
        channels=[account.channel_id for account, _ in names],
        currencies=[currency for _, currency in names],
        guarded=[name in guarded for name in names],
    )
    found = {(Account(AccountKind(row["kind"]), row["channel_id"]), row["currency"]): row for row in rows}
    standings: dict[Purse, Standing] = {}
    for (account, currency), row in found.items():
        if account.kind is AccountKind.DEPOSIT and account.channel_id is not None:
            debt = found.get((receivable(account.channel_id), currency))
            owed = 0 if debt is None else -debt["balance_minor"]
            standings[account.channel_id, currency] = Standing(
                row["balance_minor"], row["credit_minor"], owed
            )
    locked = frozenset(row["id"] for row in rows if row["locked"])
    return Books({name: row["id"] for name, row in found.items()}, locked, standings)


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
