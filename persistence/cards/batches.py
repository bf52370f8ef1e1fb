"""Batches in one transaction: where cards come into stock by the thousand, and leave it again."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.access.callers import Caller, CallerKind
from domain.cards.batches.records import Assignment, BatchDraft, CardGoods, SealedCard
from domain.cards.batches.status import BatchStatus, Origin
from domain.cards.batches.views import CardImportView
from domain.cards.importing.headers import find_header
from domain.ids import new_id
from persistence.cards import batch_sql as sql
from persistence.cards import data_keys
from persistence.cards.copying import copy_cards, copy_rejections
from persistence.cards.transitions import move
from persistence.cards.uploads import keep_upload
from persistence.spreadsheets import open_sheet

if TYPE_CHECKING:
    from domain.cards.batches.ports import Progress
    from domain.cards.batches.uploads import CardFile
    from domain.cards.importing.formats import ImportFormat
    from domain.cards.importing.rows import Rejected
    from persistence.statements import Statement
    from persistence.work import Work

CHECKED_BYTES = 2 << 20
"""A file of up to so many bytes is opened while its sender waits; larger ones are opened by the job."""


class StoredImports:
    """Fills `domain.cards.batches.ports.CardImports`."""

    def __init__(self, work: Work) -> None:
        self._work, self._vault = work, work.tools.vault
        self._root: UUID | None = None

    @property
    def _on(self) -> Any:
        return self._work.connection

    async def goods(self, sku: str) -> CardGoods | None:
        """The SKU, of whatever kind."""
        row = await sql.GOODS.one(self._on, sku=sku)
        return None if row is None else _goods(row)

    async def root_id(self) -> UUID:
        """Headquarters, in whose pool new cards lie."""
        if self._root is None:
            self._root = await sql.ROOT.value(self._on)
            if self._root is None:
                raise LookupError("There is no channel to keep cards for.")
        return self._root

    async def check_file(self, file: CardFile, format: ImportFormat, columns: Mapping[str, str]) -> None:
        """Raise UnreadableFile or ColumnsNotFound where a small file shows it at once."""
        if file.size > CHECKED_BYTES:
            return
        content = b"".join([piece async for piece in file.pieces(CHECKED_BYTES)])

        def check() -> None:
            with closing(open_sheet(io.BytesIO(content))) as sheet:
                find_header(sheet.rows, format, columns)

        await asyncio.to_thread(check)

    async def add(self, draft: BatchDraft, caller: Caller) -> CardImportView:
        """Write a batch, QUEUED, with a data key of its own."""
        key = self._vault.new_data_key(new_id())
        await sql.ADD.run(
            self._on,
            id=draft.id,
            variant_id=draft.goods.variant_id,
            origin=draft.origin.value,
            dry_run=draft.dry_run,
            file_name=draft.file_name,
            bytes_total=draft.bytes_total,
            rows_total=draft.rows_total,
            key_id=key.id,
            columns=dict(draft.columns),
            created_by=caller.subject_id if caller.kind is CallerKind.AGENT else None,
            request_id=self._work.request_id,
            expires_at=draft.expires_at,
        )
        await data_keys.add(self._on, draft.id, key)
        batch = await self.lock(draft.id)
        assert batch is not None
        return batch

    async def keep_upload(self, batch_id: UUID, file: CardFile) -> None:
        """Keep the file's content, encrypted, until the batch is filled."""
        assignment = await self.assignment(batch_id)
        keys = await data_keys.read(self._on, [assignment.key_id])
        await keep_upload(self._on, self._vault, keys[assignment.key_id], batch_id, file)

    async def drop_upload(self, batch_id: UUID) -> None:
        """Forget the file's content."""
        await sql.DROP_UPLOAD.run(self._on, id=batch_id)

    async def lock(self, batch_id: UUID) -> CardImportView | None:
        """A batch, locked until the commit."""
        row = await sql.LOCK.one(self._on, id=batch_id)
        return None if row is None else view_of(row)

    async def assignment(self, batch_id: UUID) -> Assignment:
        """What is to be done for a locked batch."""
        row: Any = await sql.ASSIGNMENT.one(self._on, id=batch_id)
        return Assignment(
            batch_id=row["id"],
            goods=CardGoods(row["variant_id"], row["sku"], row["kind"], row["secret_pattern"]),
            origin=Origin(row["origin"]),
            dry_run=row["dry_run"],
            bytes_total=row["bytes_total"],
            rows_total=row["rows_total"],
            columns=row["columns"],
            expires_at=row["expires_at"],
            as_of=row["created_at"],
            rows_read=row["rows_read"],
            key_id=row["key_id"],
        )

    async def move(self, batch: CardImportView, status: BatchStatus, progress: Progress) -> CardImportView:
        """Write a locked batch's new status and counts."""
        row: Any = await sql.MOVE.one(
            self._on,
            id=batch.id,
            status=status.value,
            accepted=progress.accepted,
            rejected=progress.rejected,
            percent=progress.percent,
            failure=progress.failure,
            reason=progress.reason,
            finished_at=progress.finished_at,
        )
        return view_of(row)

    async def taken(self, batch: CardImportView, cards: Sequence[SealedCard]) -> set[UUID]:
        """Those of the new cards that are in stock already: the secret of any SKU, the number of this one."""
        secrets = [card.secret_hmac for card in cards]
        numbers = [card.number_hmac for card in cards if card.number_hmac is not None]
        found = {row[0] for row in await sql.TAKEN_SECRETS.all(self._on, hmacs=secrets)} if secrets else set()
        if numbers:
            rows = await sql.TAKEN_NUMBERS.all(self._on, variant=batch.variant_id, hmacs=numbers)
            found |= {row[0] for row in rows}
        if not found:
            return set()
        return {card.id for card in cards if card.secret_hmac in found or card.number_hmac in found}

    async def reject(self, batch: CardImportView, rows: Sequence[Rejected]) -> None:
        """Keep row and reason of refused rows."""
        await copy_rejections(self._on, batch.id, rows)

    async def stock(self, batch: CardImportView, cards: Sequence[SealedCard]) -> None:
        """Write cards with the first event of each, and raise what is available; the gate comes last."""
        if not cards:
            return
        maker: Any = await sql.MAKER.one(self._on, id=batch.id)
        by = Caller(
            CallerKind.AGENT if maker["created_by"] else CallerKind.SYSTEM,
            subject_id=maker["created_by"],
            name=maker["name"],
            request_id=maker["request_id"],
        )
        pool, numbers = await self.root_id(), await sql.NUMBERS.value(self._on, count=len(cards))
        await copy_cards(self._work, batch, cards, numbers, pool, by)
        values = {"variant": batch.variant_id, "pool": pool, "count": len(cards), "first": min(numbers)}
        await sql.RAISE.run(self._on, **values)

    async def in_use(self, batch_id: UUID) -> int:
        """How many of the batch's cards somebody has: sold, reserved, or frozen on the way there."""
        return int(await sql.IN_USE.value(self._on, id=batch_id))

    async def put_aside(
        self, batch: CardImportView, behind: UUID | None, limit: int, caller: Caller
    ) -> UUID | None:
        """Take the next free cards out of stock (QUARANTINED); the last of them."""
        return await self._transition(sql.PUT_ASIDE, batch, behind, limit, caller)

    async def put_back(
        self, batch: CardImportView, behind: UUID | None, limit: int, caller: Caller
    ) -> UUID | None:
        """The way back for cards that were put aside."""
        return await self._transition(sql.PUT_BACK, batch, behind, limit, caller)

    async def void(
        self, batch: CardImportView, behind: UUID | None, limit: int, caller: Caller
    ) -> UUID | None:
        """Make cards that were put aside VOIDED, and free their secrets for another import."""
        return await self._transition(sql.VOID, batch, behind, limit, caller)

    async def _transition(
        self, statement: Statement, batch: CardImportView, behind: UUID | None, limit: int, caller: Caller
    ) -> UUID | None:
        await sql.GATE.all(self._on, variant=batch.variant_id)
        values = {"batch": batch.id, "behind": behind, "limit": limit}
        moved = await move(self._work, statement, caller, f"Import withdrawn: {batch.reason}", **values)
        return moved[-1]["id"] if moved else None


def view_of(row: Any) -> CardImportView:
    """A row of `VIEW`."""
    values = dict(row)
    return CardImportView(**values | {"origin": Origin(row["origin"]), "status": BatchStatus(row["status"])})


def _goods(row: Any) -> CardGoods:
    return CardGoods(row["id"], row["sku"], row["kind"], row["secret_pattern"])
