"""Nothing of a card can be read outside the vault: in a dump, a log, an error, or on PostgreSQL's disk."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from domain.refusals import Refusal
from persistence.cards import batches, rotation
from persistence.database import Database
from persistence.embedded import RunningDatabase
from tests.cards.intake import Intake, csv_of, furnish
from tests.cards.workbooks import workbook

CANARY = "CANARY77"
PLANTED = "PLANTED77"
XLSX = f"""<row r="1"><c t="str"><v>卡密</v></c></row><row r="2"><c t="str"><v>{CANARY}X1</v></c></row>"""
FORMS = (
    CANARY,
    CANARY.lower(),
    CANARY.encode().hex(),
    CANARY.encode("utf-16-le").hex(),
    base64.b64encode(CANARY.encode()).decode()[:10],
)


@pytest.fixture
async def intake(dsn: str) -> AsyncIterator[Intake]:
    database = await Database.open(dsn)
    yield await furnish(database)
    await database.close()


def of(*parts: str) -> list[str]:
    """Some codes, each of which would tell."""
    return [f"{CANARY}{part}" for part in parts]


async def everything(intake: Intake) -> list[str]:
    """Send canaries every way there is; what was said on the way."""
    said = []
    for content, sku in (
        (csv_of([of("A1"), of("A1"), of("!?"), of("A2")]), "KEY"),
        (csv_of([of("A1"), of("A3")]), "KEY"),
        (f"卡号,卡密\n{CANARY}N1,{CANARY}S1\n,{CANARY}S2\n{CANARY}N1,{CANARY}S3\n", "NUMBERED"),
        (f"链接\nhttps://shop.example/{CANARY}L1\nhttp://shop.example/{CANARY}\n{CANARY}\n", "MOVIE-2D"),
        (f"{CANARY}H1\n{CANARY}H2\n", "KEY"),
        (f'卡密\n{CANARY}Q1\n"{CANARY}Q2\n', "KEY"),
        (csv_of([of("F1")]), "FIGURE"),
        (f"{CANARY}\n" * (batches.CHECKED_BYTES // 8), "KEY"),
    ):
        try:
            batch = await intake.load(sku, content)
            await intake.load(sku, content, dry_run=True)
            said.append(str(batch))
        except Refusal as refusal:
            said += [refusal.message, repr(refusal), str(vars(refusal))]
    said.append(str(await intake.withdraw(await intake.load("KEY", workbook(XLSX).getvalue()))))
    text = csv_of([of(f"R{number:06}") for number in range(9_000)])
    twins = [await intake.send("KEY", text) for _ in range(2)]
    said += map(str, await asyncio.gather(*(intake.run(batch) for batch in twins), return_exceptions=True))
    await rotation.rotate_cards(intake.database, intake.tools.vault, reencrypt=True)
    waiting = await intake.send("KEY", csv_of([of("W1")]))
    return [*said, str(waiting)]


async def test_no_canary_is_found_anywhere(
    intake: Intake, dsn: str, cluster: RunningDatabase, capfd: pytest.CaptureFixture[str]
) -> None:
    said = await everything(intake)
    assert await intake.available("KEY") > 9_000
    assert await intake.value("SELECT count(*) FROM upload_chunk") == 1
    await _checkpoint(cluster.dsn)
    dump = await asyncio.to_thread(_dumped, cluster.bin_dir / "pg_dump", dsn)
    assert "COPY public.card " in dump
    assert "COPY public.upload_chunk " in dump
    places = {
        "dump": dump,
        "answers": "\n".join(said),
        "PostgreSQL's log": await asyncio.to_thread(cluster.log_path.read_text),
        "our output": "".join(capfd.readouterr()),
    }
    assert not [(name, form) for form in FORMS for name, text in places.items() if form in text]
    for path, content in await asyncio.to_thread(lambda: list(_files(cluster.data_dir))):
        assert CANARY.encode() not in content, path


async def test_a_secret_in_the_clear_would_be_found(
    intake: Intake, dsn: str, cluster: RunningDatabase
) -> None:
    await intake.fetch("UPDATE category SET name = $1", PLANTED)
    await intake.fetch("INSERT INTO outbox (kind, aggregate_id) VALUES ($1, gen_random_uuid())", PLANTED)
    await _checkpoint(cluster.dsn)
    assert PLANTED in await asyncio.to_thread(_dumped, cluster.bin_dir / "pg_dump", dsn)
    assert any(PLANTED.encode() in content for _, content in _files(cluster.data_dir))


async def _checkpoint(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CHECKPOINT")
    await connection.close()


def _dumped(program: Path, dsn: str) -> str:
    return subprocess.run([program, "--dbname", dsn], check=True, capture_output=True, text=True).stdout


def _files(directory: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(directory.rglob("*")):
        # PostgreSQL removes files of its own meanwhile.
        with contextlib.suppress(OSError):
            if path.is_file():
                yield path, path.read_bytes()
