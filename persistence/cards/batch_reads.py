"""What requests read of batches: only those who may import cards see any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.permissions import CARDS_IMPORT
from domain.cards.batches.views import RejectionView
from domain.cards.importing.rows import Reason
from domain.paging import Page, PageRequest, cursor_of
from domain.refusals import BadRequest
from persistence.cards.batch_sql import VIEW
from persistence.cards.batches import view_of
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.cards.batches.ports import ImportFilter
    from domain.cards.batches.views import CardImportView
    from persistence.database import Database

IMPORTS = "card-imports"
REJECTIONS = "card-rejections"

_BY_ID = Statement(f"{VIEW} WHERE b.id = :id")
_WHERE = """WHERE (CAST(:sku AS text) IS NULL OR v.sku = :sku)
              AND (CAST(:status AS text[]) IS NULL OR b.status = ANY (:status))"""
_PAGE = f"""{VIEW} {_WHERE} AND (CAST(:key AS uuid) IS NULL OR b.id {{sign}} :key)
            ORDER BY b.id {{way}} LIMIT :most"""
_FORWARDS = Statement(_PAGE.format(sign="<", way="DESC"))
_BACKWARDS = Statement(_PAGE.format(sign=">", way="ASC"))
_COUNT = Statement(f"SELECT count(*) FROM card_batch b JOIN variant v ON v.id = b.variant_id {_WHERE}")

_REJECTED = """
    SELECT batch.id AS batch_id, rejected.row, rejected.reason FROM unnest(CAST(:ids AS uuid[])) AS batch (id)
     CROSS JOIN LATERAL (
           SELECT r.row, r.reason FROM card_rejection r
            WHERE r.batch_id = batch.id AND (CAST(:key AS bigint) IS NULL OR r.row {sign} :key)
            ORDER BY r.row {way} LIMIT :most) AS rejected
     ORDER BY batch.id, rejected.row {way}"""
_REJECTED_FORWARDS = Statement(_REJECTED.format(sign=">", way="ASC"))
_REJECTED_BACKWARDS = Statement(_REJECTED.format(sign="<", way="DESC"))
_COUNT_REJECTED = Statement("SELECT count(*) FROM card_rejection WHERE batch_id = :id")


class StoredImportReads:
    """Fills `domain.cards.batches.ports.ImportReads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_id(self, caller: Caller, batch_id: UUID) -> CardImportView | None:
        """A batch."""
        if not caller.may(CARDS_IMPORT):
            return None
        async with self._database.connection() as connection:
            row = await _BY_ID.one(connection, id=batch_id)
        return None if row is None else view_of(row)

    async def page(self, caller: Caller, wanted: ImportFilter, request: PageRequest) -> Page[CardImportView]:
        """Batches, the newest first."""
        if not caller.may(CARDS_IMPORT):
            return Page.empty()
        status = None if wanted.status is None else [one.value for one in wanted.status]
        narrowed = {"sku": wanted.sku, "status": status}
        statement = _BACKWARDS if request.backwards else _FORWARDS
        async with self._database.connection() as connection:
            rows = await statement.all(connection, key=_id(request), most=request.limit + 1, **narrowed)
        found = [(view_of(row), cursor_of(IMPORTS, [str(row["id"])])) for row in rows]
        return Page.cut(found, request, self._counting(_COUNT, **narrowed))

    async def rejections_of(
        self, batches: Sequence[CardImportView], request: PageRequest
    ) -> list[Page[RejectionView]]:
        """A page of each batch's refused rows in the order of the file, in one statement for all."""
        statement = _REJECTED_BACKWARDS if request.backwards else _REJECTED_FORWARDS
        ids = list({batch.id for batch in batches})
        async with self._database.connection() as connection:
            rows = await statement.all(connection, ids=ids, key=_row(request), most=request.limit + 1)
        found: dict[UUID, list[tuple[RejectionView, str]]] = defaultdict(list)
        for row in rows:
            view = RejectionView(row["row"], Reason(row["reason"]))
            found[row["batch_id"]].append((view, cursor_of(REJECTIONS, [row["row"]])))
        return [
            Page.cut(found[batch.id], request, self._counting(_COUNT_REJECTED, id=batch.id))
            for batch in batches
        ]

    async def node(self, caller: Caller, type_name: str, id: UUID) -> CardImportView | None:
        """A batch by its id."""
        return await self.by_id(caller, id) if type_name == "CardImport" else None

    def _counting(self, statement: Statement, **values: Any) -> Any:
        async def count() -> int:
            async with self._database.connection() as connection:
                return int(await statement.value(connection, **values))

        return count


def _id(request: PageRequest) -> UUID | None:
    try:
        return None if request.after is None else UUID(request.after[0])
    except (ValueError, TypeError, AttributeError):
        raise _foreign() from None


def _row(request: PageRequest) -> int | None:
    if request.after is None:
        return None
    key = request.after[0]
    if type(key) is not int or not 0 <= key < 1 << 62:
        raise _foreign()
    return key


def _foreign() -> BadRequest:
    return BadRequest("This cursor does not belong to this list; begin again without it.")
