"""Requests of deposits as back offices read them: their own channel's, and those of all below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.identifiers import storable
from domain.access.permissions import ACCOUNT_READ
from domain.ledger.deposits.views import DepositRequestView
from domain.paging import Page, PageRequest, cursor_of
from persistence.ledger.deposits import APPROVED, COLUMNS, request_of
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.ledger.deposits.ports import RequestFilter
    from persistence.database import Database

NEWEST = "deposit-requests"

_FOUND = """
      FROM deposit_request r JOIN channel c ON c.id = r.channel_id
     WHERE c.path @> ARRAY[CAST(:scope AS uuid)]
       AND (CAST(:channel AS text) IS NULL OR c.path @> ARRAY[
            (SELECT n.id FROM channel n WHERE n.code = :channel AND n.path @> ARRAY[CAST(:scope AS uuid)])])
       AND (CAST(:kind AS text) IS NULL OR r.kind = :kind)
       AND (CAST(:statuses AS text[]) IS NULL OR r.status = ANY (CAST(:statuses AS text[])))"""
_PAGE = f"""
    WITH page AS MATERIALIZED (
        SELECT r.* {_FOUND} AND (CAST(:key AS uuid) IS NULL OR r.id {{sign}} :key)
         ORDER BY r.id {{way}} LIMIT :most)
    SELECT {COLUMNS} FROM page r {APPROVED} ORDER BY r.id {{way}}"""
_FORWARDS = Statement(_PAGE.format(sign="<", way="DESC"))
_BACKWARDS = Statement(_PAGE.format(sign=">", way="ASC"))
_COUNT = Statement(f"SELECT count(*) {_FOUND}")
_BY_ID = Statement(
    f"""SELECT {COLUMNS} FROM deposit_request r JOIN channel c ON c.id = r.channel_id {APPROVED}
         WHERE r.id = :id AND c.path @> ARRAY[CAST(:scope AS uuid)]"""
)


class StoredDepositReads:
    """Fills `domain.ledger.deposits.ports.DepositReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def requests(
        self, caller: Caller, wanted: RequestFilter, request: PageRequest
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
        statement = _BACKWARDS if request.backwards else _FORWARDS
        async with self._database.connection() as connection:
            rows = await statement.all(connection, **values, key=request.last_id, most=request.limit + 1)

        async def count() -> int:
            async with self._database.connection() as connection:
                return int(await _COUNT.value(connection, **values))

        found = [(request_of(row), cursor_of(NEWEST, [row["id"].hex])) for row in rows]
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
