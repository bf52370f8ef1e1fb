"""An import of any size grows its process by little: measured in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import card_import
from benchmarks.card_import import SKU, write_cards
from persistence.cards.key_file import KeyFile
from persistence.database import Database
from tests.cards.intake import furnish

MIB = 1 << 20


async def measured(dsn: str, place: Path, rows: int) -> dict[str, Any]:
    """What the importing process says of itself."""
    database = await Database.open(dsn, size=2)
    intake = await furnish(database, KeyFile.create(place / "keys.json"))
    await asyncio.to_thread(write_cards, place / "cards.csv", rows)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.cards.import_process", dsn, str(place / "keys.json"), SKU,
        str(place / "cards.csv"), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    said, _ = await process.communicate()
    assert await intake.available(SKU) == rows
    await database.close()
    return json.loads(said.splitlines()[-1])  # type: ignore[no-any-return]


async def test_a_hundred_thousand_rows_grow_it_by_less_than_60_mib(dsn: str, tmp_path: Path) -> None:
    assert (await measured(dsn, tmp_path, 100_000))["growth_bytes"] < 60 * MIB


@pytest.mark.soak
async def test_a_million_rows_grow_it_by_less_than_300_mb() -> None:
    figures = await card_import.measure(1_000_000)
    assert figures["growth_bytes"] < 300_000_000
    assert figures["ratio"] > 0.2
