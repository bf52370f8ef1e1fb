"""The demo's stock: three real-life files through the importer, minted cards for other SKUs, and counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from domain.access.callers import SYSTEM
from domain.cards.batches.import_cards import ImportCards
from domain.cards.batches.mint_cards import MintCards
from domain.cards.batches.uploads import CardFile
from domain.ids import new_id
from persistence.cards.batch_jobs import fill
from persistence.statements import Statement

if TYPE_CHECKING:
    from domain.cards.batches.views import CardImportView
    from domain.commands import Command
    from persistence.store import Store

MINTED = 500
COUNTED = 100
AT_ONCE = 4

FILES = {
    "TXV-VIP-1M": "tencent-month-cards.xlsx",
    "IQY-GOLD-3M": "iqiyi-season-cards.csv",
    "MOVIE-2D": "movie-links.csv",
}
_FOLDER = Path(__file__).parent / "cards"

_EMPTY = Statement(
    """SELECT v.sku FROM variant v JOIN product p ON p.id = v.product_id
        WHERE p.kind IN ('CARD_KEY', 'CARD_NUMBER_KEY', 'LINK')
          AND NOT EXISTS (SELECT FROM card_batch b WHERE b.variant_id = v.id) ORDER BY v.sku"""
)
_UNFINISHED = Statement("SELECT id FROM card_batch WHERE status IN ('QUEUED', 'RUNNING') ORDER BY id")
_COUNT = Statement(
    """INSERT INTO stock_level (variant_id, pool_id, available)
       SELECT v.id, c.id, :count FROM variant v JOIN product p ON p.id = v.product_id, channel c
        WHERE p.kind = 'PHYSICAL' AND c.parent_id IS NULL
       ON CONFLICT DO NOTHING"""
)


@dataclass(frozen=True, slots=True)
class _DemoFile:
    """A file of the demo, as if it had been sent."""

    filename: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    async def chunks(self, size: int = 65_536) -> AsyncIterator[bytes]:
        for at in range(0, self.size, size):
            yield self.content[at : at + size]


async def load_cards(store: Store) -> None:
    """Bring in what is missing; an interrupted start is gone on with, and nothing comes in twice."""
    async with store.database.transaction() as connection:
        await _COUNT.run(connection, count=COUNTED)
        unfinished = [row["id"] for row in await _UNFINISHED.all(connection)]
        empty = [row["sku"] for row in await _EMPTY.all(connection)]
    slots = asyncio.Semaphore(AT_ONCE)

    async def filled(batch_id: UUID) -> None:
        # The job was queued with the batch, and will find it done; here nobody has to wait for a worker.
        await fill({"batch": str(batch_id)}, store.desk)

    async def loaded(sku: str) -> None:
        async with slots:
            batch: CardImportView = await store.perform(await _wish(sku), SYSTEM)
            await filled(batch.id)

    async with asyncio.TaskGroup() as group:
        for batch_id in unfinished:
            group.create_task(filled(batch_id))
        for sku in sorted(empty, key=lambda sku: sku not in FILES):
            group.create_task(loaded(sku))


async def _wish(sku: str) -> Command:
    key = f"demo-{new_id()}"
    name = FILES.get(sku)
    if name is None:
        return MintCards(key, sku, MINTED)
    content = await asyncio.to_thread((_FOLDER / name).read_bytes)
    return ImportCards(key, sku, await CardFile.of(_DemoFile(name, content)))
