"""Cards into stock, by file or by mint, and out of it again as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from domain.access.permissions import CARDS_IMPORT
from domain.cards.batches.import_cards import ImportCards
from domain.cards.batches.mint_cards import MintCards
from domain.cards.batches.ports import ImportFilter
from domain.cards.batches.refusals import ImportInUse, NotSoldAsCards
from domain.cards.batches.status import BatchStatus
from domain.cards.batches.uploads import CardFile
from domain.cards.batches.views import CardImportView
from domain.cards.batches.withdraw import WithdrawCardImport
from domain.cards.importing.rows import ColumnsNotFound, UnreadableFile
from domain.paging import PageRequest
from schema import ids
from schema.card_imports import (
    CardImport,
    CardRejection,
    ImportCardsInput,
    MintCardsInput,
    WithdrawCardImportInput,
)
from schema.context import Context
from schema.levels import level
from schema.nouns import shown
from schema.paging import After, Before, Connection, First, Last
from schema.verbs import mutation, query

if TYPE_CHECKING:
    from domain.cards.batches.uploads import ReadableFile


@query(requires=CARDS_IMPORT)
async def card_import(
    context: Context, id: Annotated[strawberry.ID, strawberry.argument(description="The import's id.")]
) -> CardImport | None:
    """An import, with how far it has come."""
    batch_id = ids.decode("imp", id)
    found = None if batch_id is None else await context.reads.imports.by_id(context.caller, batch_id)
    return None if found is None else shown(CardImport, found)


@query(requires=CARDS_IMPORT)
async def card_imports(
    context: Context,
    sku: Annotated[str | None, strawberry.argument(description="Only imports of this SKU.")] = None,
    status: Annotated[
        list[BatchStatus] | None,
        strawberry.argument(description="Only imports that stand at one of these; none for an empty list."),
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[CardImport] | None:
    """Imports and mintings, the newest first."""
    page = PageRequest.of(first, after, last, before, "card-imports")
    wanted = ImportFilter(sku, None if status is None else tuple(status))
    return shown(Connection[CardImport], await context.reads.imports.page(context.caller, wanted, page))


@level(CardImport)
async def rejections(
    batches: Sequence[CardImportView],
    context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[CardRejection]]:
    """A page of each import's refused rows."""
    page = PageRequest.of(first, after, last, before, "card-rejections")
    found = await context.reads.imports.rejections_of(batches, page)
    return [shown(Connection[CardRejection], one) for one in found]


@mutation(requires=CARDS_IMPORT, fails_with=(NotSoldAsCards, UnreadableFile, ColumnsNotFound))
async def import_cards(context: Context, input: ImportCardsInput) -> CardImport:
    """Put the cards of a file into stock, or, as a dry run, only say what would become of it.

    It is read in the background: follow `cardImportProgress`. The same key with the same file is one import.
    """
    file = await CardFile.of(cast("ReadableFile", input.file))
    columns = input.columns.by_role() if input.columns else {}
    command = ImportCards(input.idempotency_key, input.sku, file, input.dry_run, columns)
    return shown(CardImport, await context.perform(command))


@mutation(requires=CARDS_IMPORT, fails_with=(ImportInUse,))
async def withdraw_card_import(context: Context, input: WithdrawCardImportInput) -> CardImport:
    """Take all cards of an import back while none of them is sold; a corrected file can then be imported."""
    batch_id = ids.required("imp", input.id, "import", "id")
    return shown(CardImport, await context.perform(WithdrawCardImport(batch_id, input.reason)))


@mutation(requires=CARDS_IMPORT, fails_with=(NotSoldAsCards,))
async def mint_cards(context: Context, input: MintCardsInput) -> CardImport:
    """Make cards with codes of our own, in the background: follow `cardImportProgress`."""
    ends = input.expires_at
    if ends is not None and ends.tzinfo is None:
        ends = ends.replace(tzinfo=UTC)
    command = MintCards(input.idempotency_key, input.sku, input.quantity, ends)
    return shown(CardImport, await context.perform(command))
