"""Measures reads over HTTP: our server, strawberry's own with loaders, and a program written by hand.

python -m benchmarks.engine [--products N] [--requests N] [--rounds N] [--clients N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import asyncpg
import orjson
import psutil

import server
from benchmarks.card_import import open_directory
from benchmarks.cases import PRODUCT_DETAIL, PRODUCT_LIST
from benchmarks.figures import Run
from benchmarks.load import Plan
from benchmarks.rig import measured_by, postgres_s, spent_s
from benchmarks.rivals import WAYS
from benchmarks.world import Size, World, build
from domain.paging import cursor_of
from persistence.database import plain_dsn
from persistence.embedded import RunningDatabase, start
from persistence.migrations.run import migrate
from persistence.settings import Settings
from persistence.store import opened
from tests.server_process import ROOT, mark_as_demo, serving

OURS = "ours"
_PAGE = 20
_SECONDS = 30.0
"""Of one side, one operation and one round, at most."""
_EDGES = """SELECT slug, created_at, id FROM
    (SELECT c.slug, p.created_at, p.id,
            row_number() OVER (PARTITION BY c.slug ORDER BY p.created_at DESC, p.id DESC) AS at
       FROM product p JOIN category c ON c.id = p.category_id WHERE p.published) p
    WHERE at % $1 = 0 ORDER BY slug, at"""

Figures = dict[str, dict[str, Run]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each side is asked."""

    requests: int = 4_000
    rounds: int = 3
    clients: int = 64


@dataclass(frozen=True, slots=True)
class Bench:
    """A filled database, and what is asked of it."""

    running: RunningDatabase
    world: World
    place: Path
    bodies: Mapping[str, list[str]]
    effort: Effort

    async def measure(self) -> Figures:
        """Each operation on each side, the median of all rounds; every round starts every side anew."""
        found: dict[tuple[str, str], list[Run]] = {}
        for _ in range(self.effort.rounds):
            answers: dict[str, list[Any]] = {}
            for way in (OURS, *WAYS):
                async with self._served(way) as (url, process):
                    for name, bodies in self.bodies.items():
                        answers.setdefault(name, []).append([self._ask(url, body) for body in bodies[::50]])
                        found.setdefault((name, way), []).append(await self._load(url, process, way, bodies))
            for name, (ours, *others) in answers.items():
                assert all(other == ours for other in others), name
        return {name: {way: _median(found[name, way]) for way in (OURS, *WAYS)} for name in self.bodies}

    @asynccontextmanager
    async def _served(self, way: str) -> AsyncIterator[tuple[str, psutil.Process]]:
        if way == OURS:
            async with serving(self.place, self.running.dsn, QUANYI_BUDGETS="false") as process:
                yield process.url, process.process
            return
        environment = {"DATABASE_URL": self.running.dsn, "QUANYI_DATA": str(self.place / "data")}
        command = [sys.executable, "-m", "benchmarks.rivals", way]
        with subprocess.Popen(  # noqa: ASYNC220 - nothing else runs in this loop
            command, env=os.environ | environment, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        ) as other:
            try:
                assert other.stdout is not None
                url = await asyncio.to_thread(other.stdout.readline)
                yield url.decode().strip(), psutil.Process(other.pid)
            finally:
                other.terminate()

    def _ask(self, url: str, body: str) -> Any:
        head = {"authorization": f"Bearer {self.world.storefront}", "content-type": "application/json"}
        with urlopen(Request(f"{url}/graphql", body.encode(), head), timeout=30) as answer:
            return orjson.dumps(orjson.loads(answer.read())["data"])

    async def _load(self, url: str, process: psutil.Process, way: str, bodies: list[str]) -> Run:
        warm = bodies[:20] if way == "strawberry" else bodies
        count = self.effort.requests // 20 if way == "strawberry" else self.effort.requests
        await self._asked(url, warm)
        program, postgres = _family_s(process), postgres_s(self.postmaster)
        said = await self._asked(url, [bodies[at % len(bodies)] for at in range(count)])
        program, postgres = _family_s(process) - program, postgres_s(self.postmaster) - postgres
        return Run.of(said["latencies_s"], said["seconds"], program, postgres)

    async def _asked(self, url: str, bodies: list[str]) -> Any:
        address = urlsplit(url)
        assert address.hostname is not None
        assert address.port is not None
        plan = Plan(
            address.hostname, address.port, self.world.storefront,
            [[(body, '"availableQuantity":')] for body in bodies],
            self.effort.clients, _SECONDS, repeated=False,
        )  # fmt: skip
        return await measured_by("benchmarks.load", json.dumps(asdict(plan)).encode(), self.place)

    @property
    def postmaster(self) -> psutil.Process:
        """The parent of all PostgreSQL processes."""
        return psutil.Process(self.running.postmaster_pid)


def _family_s(process: psutil.Process) -> float:
    return sum(map(spent_s, [process, *process.children(recursive=True)]))


def _median(runs: list[Run]) -> Run:
    def middle(name: str) -> Any:
        return median([getattr(run, name) for run in runs])

    return Run(*(middle(name) for name in Run.__dataclass_fields__))


async def bodies_of(dsn: str, world: World) -> dict[str, list[str]]:
    """What front ends post: every page of every shelf, and products from all over the catalogue."""
    connection = await asyncpg.connect(plain_dsn(dsn))
    edges = await connection.fetch(_EDGES, _PAGE)
    await connection.close()
    pages: list[dict[str, Any]] = [{"category": slug} for slug in sorted({edge["slug"] for edge in edges})]
    last = {edge["slug"]: edge["id"] for edge in edges}
    pages += [
        {"category": edge["slug"], "after": cursor_of("NEWEST", [edge["created_at"].isoformat(), edge["id"]])}
        for edge in edges
        if last[edge["slug"]] != edge["id"]
    ]
    slugs = world.slugs[:: max(1, len(world.slugs) // 500)]
    chance = random.Random(7)
    for asked in (pages, slugs):
        chance.shuffle(asked)
    lists = [{"query": PRODUCT_LIST, "variables": {"first": _PAGE, **page}} for page in pages]
    details = [{"query": PRODUCT_DETAIL, "variables": {"slug": slug}} for slug in slugs]
    return {
        "ProductList": [orjson.dumps(one).decode() for one in lists],
        "ProductDetail": [orjson.dumps(one).decode() for one in details],
    }


def table(found: Figures) -> str:
    """The figures, and those that count."""
    columns = (
        f"{'server ms':>10}{'postgres ms':>12}{'both ms':>9}{'p50 ms':>9}{'p99 ms':>9}{'requests/s':>12}"
    )
    lines = [f"{'operation':<14}{'way':<11}{columns}"]
    for name, ways in found.items():
        for way, run in ways.items():
            server_ms, postgres_ms = run.program_cpu_ms, run.postgres_cpu_ms
            lines.append(
                f"{name:<14}{way:<11}{server_ms:>10.3f}{postgres_ms:>12.3f}{server_ms + postgres_ms:>9.3f}"
                f"{run.p50_ms:>9.1f}{run.p99_ms:>9.1f}{run.requests_per_s:>12.0f}"
            )
        ours, hand, plain = (ways[way] for way in (OURS, *WAYS))
        lines.append(
            f"{name:<14}{_both_ms(ours) / _both_ms(hand):.2f} x the hand-written program (both), "
            f"{plain.program_cpu_ms / ours.program_cpu_ms:.0f} x less than strawberry (server), "
            f"p99 is {ours.p99_ms / ours.p50_ms:.1f} x p50"
        )
    return "\n".join(lines)


def _both_ms(run: Run) -> float:
    return run.program_cpu_ms + run.postgres_cpu_ms


@asynccontextmanager
async def filled(running: RunningDatabase, place: Path, products: int) -> AsyncIterator[World]:
    """A shop's world in an empty database."""
    await migrate(running.dsn)
    changes = {"database_url": running.dsn, "data": place / "data"}
    settings = Settings.model_validate(Settings.of_demo().model_dump() | changes)
    settings.make_data()
    server.load_areas()
    async with opened(settings) as store:
        world = await build(store, Size(products, 300, 100))
    await mark_as_demo(running.dsn)
    yield world


async def run(products: int, effort: Effort) -> Figures:
    """Measure on a PostgreSQL of its own, in a directory that is removed."""
    with open_directory() as directory:
        running = await start(directory / "postgres")
        try:
            async with filled(running, directory, products) as world:
                bodies = await bodies_of(running.dsn, world)
                return await Bench(running, world, directory, bodies, effort).measure()
        finally:
            await running.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("benchmarks.engine", description=(__doc__ or "").partition("\n")[0])
    effort = Effort()
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=effort.requests, help="Of one side in one round.")
    parser.add_argument("--rounds", type=int, default=effort.rounds)
    parser.add_argument("--clients", type=int, default=effort.clients)
    said = parser.parse_args()
    print(table(asyncio.run(run(said.products, Effort(said.requests, said.rounds, said.clients)))))


if __name__ == "__main__":
    main()
