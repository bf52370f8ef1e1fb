"""Requests of deposits as back offices read them: their own channel's, and those of all below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.identifiers import storable
from domain.access.permissions import ACCOUNT_READ
from domain.ledger.deposits.views import DepositRequestView
from domain.paging import Page, PageRequest, cursor_of
from domain.selected import ALL, Selected
from persistence.ledger.deposit_shape import DEPOSIT_REQUEST
from persistence.ledger.deposits import APPROVED, COLUMNS, request_of
from persistence.selecting.pages import NewestPages
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.ledger.deposits.ports import RequestFilter
    from persistence.database import Database

NEWEST = "deposit-requests"

_WANTED = """r.channel_id IN (
           SELECT c.id FROM channel c
            WHERE c.path @> ARRAY[CAST(:scope AS uuid)]
              AND (CAST(:channel AS text) IS NULL OR c.path @> ARRAY[
                   (SELECT n.id FROM channel n
                     WHERE n.code = :channel AND n.path @> ARRAY[CAST(:scope AS uuid)])]))
       AND (CAST(:kind AS text) IS NULL OR r.kind = :kind)
       AND (CAST(:statuses AS text[]) IS NULL OR r.status = ANY (CAST(:statuses AS text[])))"""
_PAGES = NewestPages(DEPOSIT_REQUEST, _WANTED)
_BY_ID = Statement(
    f"""SELECT {COLUMNS} FROM deposit_request r JOIN channel c ON c.id = r.channel_id {APPROVED}
         WHERE r.id = :id AND c.path @> ARRAY[CAST(:scope AS uuid)]"""
)


class StoredDepositReads:
    """Fills `domain.ledger.deposits.ports.DepositReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def requests(
        self, caller: Caller, wanted: RequestFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[DepositRequestView]:
        """Requests, the newest first."""
        if not _may(caller) or not storable(wanted.channel or ""):
            return Page.empty()
        values: dict[str, Any] = {
            "scope": caller.channel,
            "channel": wanted.channel,
            "kind": None if wanted.kind is None else wanted.kind.value,
            "statuses": None if wanted.status is None else [status.value for status in wanted.status],
        }
        read = _PAGES.of(selected).way(request.backwards)
        async with self._database.connection() as connection:
            views = await read.all(connection, caller, **values, key=request.last_id, limit=request.limit + 1)

        async def count() -> int:
            async with self._database.connection() as connection:
                return int(await _PAGES.count.value(connection, **values))

        found = [(one, cursor_of(NEWEST, [one.id.hex])) for one in views]
        return Page.cut(found, request, count)

    async def node(self, caller: Caller, type_name: str, id: UUID) -> DepositRequestView | None:
        """A request by its id."""
        if not _may(caller):
            return None
        async with self._database.connection() as connection:
            row = await _BY_ID.one(connection, id=id, scope=caller.channel)
        return None if row is None else request_of(row)


def _may(caller: Caller) -> bool:
    return caller.is_back_office and caller.may(ACCOUNT_READ)
