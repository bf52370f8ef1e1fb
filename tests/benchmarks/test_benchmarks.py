"""Each measurement gives figures, and its bare program does what the server does; speed is not asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from benchmarks.__main__ import NAMES, main
from benchmarks.cases import CASES
from benchmarks.figures import Comparison, Run, heading, lines_of
from benchmarks.recording import Cell, Fresh, Recorder
from benchmarks.rig import Effort, rigged
from benchmarks.world import BUYING, Size
from domain.ids import new_id
from persistence.embedded import RunningDatabase

TINY = Size(products=30, cards=200, redeemable=90)
BRIEF = Effort(seconds=0.25, requests=12)
_LEFT = """SELECT (SELECT count(*) FROM orders WHERE status = 'FULFILLED'),
                  (SELECT count(*) FROM orders),
                  (SELECT count(*) FROM payment),
                  (SELECT count(*) FROM card c JOIN variant v ON v.id = c.variant_id
                    WHERE v.sku = $1 AND c.state = 'DELIVERED' AND c.order_id IS NOT NULL),
                  (SELECT count(*) FROM card WHERE state = 'REDEEMED'),
                  (SELECT count(*) FROM redemption)"""


async def test_every_case_is_measured_on_both_sides(
    cluster: RunningDatabase, dsn: str, tmp_path: Path
) -> None:
    async with rigged(cluster, dsn, tmp_path, TINY, BRIEF) as rig:
        found = [await rig.compare(case) for case in CASES]
    for one in found:
        assert one.statements > 0
        for side in (one.server, one.bare):
            assert side.requests > 0
            assert side.requests_per_s > 0
            assert 0 < side.p50_ms <= side.p99_ms
            assert side.program_cpu_ms >= 0
            assert side.postgres_cpu_ms >= 0
        assert json.loads(json.dumps(one.as_json()))["ratio"] == one.ratio > 0
    connection = await asyncpg.connect(dsn)
    row = await connection.fetchrow(_LEFT, BUYING)
    assert row is not None
    fulfilled, placed, paid, delivered, redeemed, redemptions = row
    await connection.close()
    buying = [one for one in found if one.name == "place-pay"]
    assert fulfilled == placed == paid == delivered
    assert placed >= sum(one.server.requests + one.bare.requests for one in buying)
    assert redeemed == redemptions >= found[-1].server.requests + found[-1].bare.requests


def test_the_import_is_measured_against_a_bare_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "figures.json"
    main(["card-import", "--rows", "200", "--json", str(written)])
    said = json.loads(written.read_text())
    assert said["machine"]["cores"] > 0
    assert said["cases"] == []
    assert "card import: 200 rows" in capsys.readouterr().out
    figures = said["card_import"]
    assert figures["rows"] == 200
    assert figures["rows_per_s"] > 0
    assert figures["bare_rows_per_s"] > 0
    assert figures["ratio"] > 0


def test_a_case_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["everything"])
    assert ", ".join(NAMES) in capsys.readouterr().err


def test_figures_are_printed_side_by_side() -> None:
    ours = Run.of([0.001, 0.003, 0.002, 0.010], 0.5, program_s=0.008, postgres_s=0.004)
    bare = Run.of([0.001], 0.0625, program_s=0.001, postgres_s=0.001)
    one = Comparison("place-pay", 64, 12, ours, bare)
    assert (ours.requests_per_s, ours.p50_ms, ours.p99_ms) == (8.0, 3.0, 10.0)
    assert (ours.program_cpu_ms, ours.postgres_cpu_ms, one.ratio) == (2.0, 1.0, 0.5)
    first, second = lines_of(one)
    assert first.split() == ["place-pay", "64", "server", "8", "3.0", "10.0", "2.00", "1.00", "0.50"]
    assert second.split() == ["bare", "16", "1.0", "1.0", "1.00", "1.00"]
    assert heading().startswith("case")


class _Connection:
    """Answers what it was told to."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        return self.answers.pop(0)

    async def execute(self, sql: str, *arguments: Any) -> str:
        return "INSERT 0 1"


class _Pool:
    """A pool of that one connection."""

    def __init__(self, connection: _Connection) -> None:
        self.connection = connection

    async def acquire(self) -> _Connection:
        return self.connection


async def test_a_recipe_makes_new_ids_anew_and_takes_answers_from_answers() -> None:
    known = new_id()
    answered = new_id()
    recorder = Recorder(_Pool(_Connection([answered])))
    recorder._began_ms = (new_id().int >> 80) + 1
    while (made := new_id()).int >> 80 < recorder._began_ms:
        pass
    connection = await recorder.acquire()
    await connection.fetchval("SELECT a", known)
    await connection.execute("INSERT b", made, [answered], "fresh-1", "kept")
    await connection.execute("INSERT c", made)
    first, second, third = recorder.blocks[0].calls
    assert first.arguments == [known]
    assert second.arguments == [Fresh(0, text=False), [Cell(0, 0, 0)], Fresh(1, text=True), "kept"]
    assert third.arguments == [Fresh(0, text=False)]
