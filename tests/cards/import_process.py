"""A process that imports one file and says how fast, in how much memory; tests kill it, benchmarks time it.

python -m tests.cards.import_process DSN KEY_FILE SKU PATH        sends the file and fills its batch
python -m tests.cards.import_process DSN KEY_FILE --resume BATCH  fills a batch that is there
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.cards.batches.import_cards import ImportCards
from domain.cards.batches.uploads import CardFile
from persistence.cards import batch_jobs
from persistence.cards.key_file import KeyFile
from persistence.database import Database
from tests.cards.intake import Intake, enter


class FileOnDisk:
    """A large file as it comes with a request."""

    def __init__(self, path: Path) -> None:
        self._path, self.filename, self.size = path, path.name, path.stat().st_size

    async def chunks(self, size: int = 65_536) -> AsyncIterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := file.read(size):
                yield chunk


def memory(name: str) -> int:
    """`VmRSS` or `VmHWM` (its peak) of this process, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


async def main(dsn: str, key_file: str, sku: str, what: str) -> None:
    database = await Database.open(dsn, size=4)
    room = await enter(database, KeyFile(Path(key_file)))
    before, started = memory("VmRSS"), time.perf_counter()
    batch_id = UUID(what) if sku == "--resume" else await _sent(room, sku, Path(what))
    print(json.dumps({"batch": str(batch_id)}), flush=True)
    sent = time.perf_counter()
    await batch_jobs.fill({"batch": str(batch_id)}, room.desk)
    done: dict[str, Any] = {
        "upload_s": sent - started,
        "import_s": time.perf_counter() - sent,
        "growth_bytes": memory("VmHWM") - before,
    }
    print(json.dumps(done), flush=True)
    await database.close()


async def _sent(room: Intake, sku: str, path: Path) -> UUID:
    file = await CardFile.of(FileOnDisk(path))
    batch = await room.perform(ImportCards(room.key(), sku, file), room.caller)
    return batch.id  # type: ignore[no-any-return]


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
