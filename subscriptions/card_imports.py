"""Imports, live: how far one has come, now and after each block of rows, until it has ended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.access.permissions import CARDS_IMPORT
from domain.cards.batches.events import CardImportChanged
from domain.cards.batches.status import ENDED, BatchStatus
from domain.cards.batches.views import CardImportView
from domain.feeds import Interest
from schema import ids
from schema.card_imports import CardImport
from schema.context import Context
from schema.following import Following, Told
from schema.nouns import shown
from schema.verbs import subscription

if TYPE_CHECKING:
    from domain.events import RecordedEvent


@subscription(requires=CARDS_IMPORT)
async def card_import_progress(
    context: Context, id: Annotated[strawberry.ID, strawberry.argument(description="The import to follow.")]
) -> Following[CardImport]:
    """The import as it is now, then each change in order; it completes when the import has ended.

    For an import that the caller may not see it completes at once, as for one that never was.
    """
    batch_id = ids.decode("imp", id)
    # The position is older than the state that is read next, so nothing between the two is missed.
    position = await context.feed.position()
    seen = None if batch_id is None else await context.reads.imports.by_id(context.caller, batch_id)
    if seen is None:
        return Following.none()
    if seen.status in ENDED:
        return Following.none(shown(CardImport, seen))
    known = seen

    async def tell(event: RecordedEvent) -> Told:
        batch = _at(known, event)
        if batch.status not in ENDED:
            return Told(shown(CardImport, batch))
        # How it ended is in the row alone.
        batch = await context.reads.imports.by_id(context.caller, known.id) or batch
        return Told(shown(CardImport, batch), ends=True)

    return Following(
        Interest(frozenset({CardImportChanged.kind}), known.id),
        tell,
        position,
        first=shown(CardImport, known),
        news=lambda event: event.payload["version"] > known.version,
        resumes=False,
    )


def _at(batch: CardImportView, event: RecordedEvent) -> CardImportView:
    """The batch as it was when the event was recorded."""
    payload = event.payload
    return replace(
        batch,
        status=BatchStatus(payload["status"]),
        rows_read=payload["rowsRead"],
        accepted=payload["accepted"],
        rejected=payload["rejected"],
        percent=payload["percent"],
        version=payload["version"],
    )
