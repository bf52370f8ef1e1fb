"""Importing a file of cards: it is kept, encrypted, and a job reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from domain.access.permissions import CARDS_IMPORT
from domain.cards.batches.events import CardImportChanged
from domain.cards.batches.records import BatchDraft, CardGoods
from domain.cards.batches.status import Origin
from domain.commands import IdempotentCommand, handles
from domain.ids import new_id
from domain.refusals import NotFound
from domain.work import Job

if TYPE_CHECKING:
    from uuid import UUID

    from domain.access.callers import Caller
    from domain.cards.batches.uploads import CardFile
    from domain.cards.batches.views import CardImportView
    from domain.work import UnitOfWork

IMPORT_JOB = "cards.import"


@dataclass(frozen=True, slots=True)
class ImportCards(IdempotentCommand):
    """Put the cards of a file into stock, or only say what would become of it."""

    requires: ClassVar[str | None] = CARDS_IMPORT

    sku: str
    file: CardFile
    dry_run: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role (`number`, `secret`, `expiresAt`) → header, where the caller knows better."""


@handles(ImportCards)
async def import_cards(command: ImportCards, caller: Caller, work: UnitOfWork) -> CardImportView:
    """Answers the queued batch; refuses at once what a small file shows at once."""
    goods = await goods_of(command.sku, work)
    await work.imports.check_file(command.file, goods.format, command.columns)
    draft = BatchDraft(
        new_id(),
        goods,
        Origin.FILE,
        dry_run=command.dry_run,
        file_name=command.file.name,
        bytes_total=command.file.size,
        columns=command.columns,
    )
    batch = await queue(draft, IMPORT_JOB, caller, work)
    await work.imports.keep_upload(draft.id, command.file)
    return batch


async def goods_of(sku: str, work: UnitOfWork) -> CardGoods:
    """The SKU; raises NotFound, or NotSoldAsCards for one that has no cards."""
    goods = await work.imports.goods(sku)
    if goods is None:
        raise NotFound("SKU", "sku")
    _ = goods.form
    return goods


async def queue(draft: BatchDraft, job: str, caller: Caller, work: UnitOfWork) -> CardImportView:
    """Write a batch and have it filled after the commit."""
    batch = await work.imports.add(draft, caller)
    await announce(batch, None, work)
    await work.enqueue(Job(job, {"batch": str(batch.id)}, dedupe_key=f"{job}:{batch.id}"))
    return batch


async def announce(batch: CardImportView, before: CardImportView | None, work: UnitOfWork) -> None:
    """Record that a batch is new, or other than before."""
    root: UUID = await work.imports.root_id()
    work.record(CardImportChanged.of(batch, before.status if before else None, root))
