"""Imports a file of cards, and copies the same rows bare in the same run: rows a second, ratio and memory.

python -m benchmarks.card_import [ROWS]     1,000,000 unless said
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from persistence.cards.key_file import KeyFile
from persistence.database import Database
from persistence.embedded import start
from persistence.migrations.run import migrate
from tests.cards.intake import furnish

ROWS = 1_000_000
SKU = "TXV-VIP-1M"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_TABLES = ("card", "card_event")


def main(rows: int = ROWS) -> dict[str, Any]:
    """Measure and print; answers the figures."""
    figures = asyncio.run(measure(rows))
    print(
        f"card import: {rows:,} rows in {figures['import_s']:.1f} s = {figures['rows_per_s']:,} rows/s, "
        f"bare COPY {figures['bare_rows_per_s']:,} rows/s, ratio {figures['ratio']:.2f}; "
        f"upload {figures['upload_s']:.1f} s; peak memory grew by {figures['growth_bytes'] >> 20} MiB"
    )
    return figures


async def measure(rows: int) -> dict[str, Any]:
    """On a durable PostgreSQL of its own, in a directory that is removed."""
    with open_directory() as directory:
        running = await start(directory / "postgres")
        try:
            return await _measured(running.dsn, directory, rows)
        finally:
            await running.stop()


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory for one measurement, removed after it."""
    with tempfile.TemporaryDirectory(prefix="quanyi-bench-") as name:
        # PostgreSQL may have to run as another user.
        Path(name).chmod(0o755)
        yield Path(name)


async def _measured(dsn: str, directory: Path, rows: int) -> dict[str, Any]:
    await migrate(dsn)
    keys, file = directory / "keys.json", directory / "cards.csv"
    KeyFile.create(keys)
    write_cards(file, rows)
    database = await Database.open(dsn)
    await furnish(database, KeyFile(keys))
    await database.close()
    arguments = ("-m", "tests.cards.import_process", dsn, str(keys), SKU, str(file))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0
    done: dict[str, Any] = json.loads(said.splitlines()[-1])
    connection = await asyncpg.connect(dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM card") == rows
        bare_s = await _copied_bare(connection, directory)
    finally:
        await connection.close()
    return done | {
        "rows": rows,
        "rows_per_s": round(rows / done["import_s"]),
        "bare_rows_per_s": round(rows / bare_s),
        "ratio": bare_s / done["import_s"],
    }


def write_cards(path: Path, rows: int) -> None:
    """A csv of codes that nobody sells."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        file.write("卡密,有效期至\n")
        for _ in range(rows):
            file.write(f"{''.join(chance.choices(_ALPHABET, k=16))},2099-06-30\n")


async def _copied_bare(connection: asyncpg.Connection[Any], directory: Path) -> float:
    """Seconds for one COPY of the same rows into each of two tables with the same columns and indexes."""
    spent = 0.0
    for table in _TABLES:
        file = directory / f"{table}.bin"
        await connection.copy_from_table(table, output=file, format="binary")
        await connection.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        started = time.perf_counter()
        await connection.copy_to_table(f"bare_{table}", source=file, format="binary", timeout=600)
        spent += time.perf_counter() - started
    return spent


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
