"""The measuring bench: our server with one worker, and each case on both sides, one after the other."""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psutil

import server
from benchmarks.bare import BarePlan
from benchmarks.cases import Case, Request
from benchmarks.figures import Comparison, Run
from benchmarks.load import Plan
from benchmarks.recording import Recipe, Recorder, statements_of
from benchmarks.world import REDEEMING, Size, World, build
from persistence.cards.lookup import secret_hmacs
from persistence.database import plain_dsn
from persistence.embedded import RunningDatabase
from persistence.migrations.run import migrate
from persistence.settings import Settings
from persistence.store import Store, opened
from schema.context import ContextGateway
from tests.server_process import ServerProcess, serving

WARM_UP = 40
"""Requests of each client before measuring: caches are filled, statements are prepared."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long each side is measured: until `seconds` are over, or `requests` were made."""

    seconds: float = 8.0
    requests: int = 5_000


@dataclass
class Rig:
    """A world, and everything that acts on it."""

    dsn: str
    world: World
    process: ServerProcess
    store: Store
    postmaster: psutil.Process
    effort: Effort
    place: Path

    async def compare(self, case: Case) -> Comparison:
        """Measure our server, then the bare program."""
        made = case.requests(self.world)
        requests = cycle(made) if case.repeated else made
        recipes = [await self.record(case, request) for request in islice(requests, case.samples)]
        brought = case.name == "redeem"
        share = self._share(case)
        await self._load(case, list(islice(requests, min(WARM_UP * case.clients, share // 4))))
        ours = await self._load(case, list(islice(requests, share)))
        values = await self._delivered() if brought else []
        await self._bare(case, recipes, values[: share // 4], min(WARM_UP * case.clients, share // 4))
        bare = await self._bare(case, recipes, values[share // 4 :], share)
        return Comparison(case.name, case.clients, statements_of(recipes[0]), ours, bare)

    def _share(self, case: Case) -> int:
        """How many requests of a case one side may use up: what is bought or redeemed is gone."""
        size = self.world.size
        most = {"place-pay": size.cards // 5, "redeem": size.redeemable // 3}.get(case.name)
        return self.effort.requests if most is None else min(most, self.effort.requests)

    async def record(self, case: Case, request: Request) -> Recipe:
        """The SQL of a request when all that is cached is in the caches."""
        schema = server.build_schema()
        store = self.store
        gateway = ContextGateway(store.authenticator, store.reads, store.perform, store.feed)
        pool = self.store.database.pool
        token = {"authorization": f"Bearer {case.token(self.world)}"}
        if case.repeated:
            await self._execute(schema, gateway, token, request)
        recorder = Recorder(pool, self._sought(request))
        database = self.store.database
        await database.let_go()
        database.pool, kept, database.most_kept = recorder, database.most_kept, 0  # type: ignore[assignment]
        try:
            await self._execute(schema, gateway, token, request)
        finally:
            database.pool, database.most_kept = pool, kept
        return recorder.blocks

    async def _execute(self, schema: Any, gateway: Any, token: dict[str, str], request: Request) -> None:
        order = ""
        for one in request:
            context = await gateway.open(token, None, "127.0.0.1")
            variables = json.loads(json.dumps(one.variables).replace("{order}", order))
            result = await schema.execute(one.document, variables, context)
            said = json.dumps(result.data, separators=(",", ":"), default=str)
            assert not result.errors, result.errors
            assert one.expected in said, said
            order = (result.data.get("placeOrder") or {}).get("id", "")

    def _sought(self, request: Request) -> dict[bytes, str]:
        """What a redemption looks for, which has to be another card's each time."""
        secret = request[0].variables.get("input", {}).get("secret")
        found = [] if secret is None else secret_hmacs(self.store.tools.vault, secret)
        return dict.fromkeys(found, "secret")

    async def _delivered(self) -> list[dict[str, Any]]:
        """What the bare program redeems."""
        rows = await self.fetch(
            """SELECT c.secret_hmac FROM card c JOIN variant v ON v.id = c.variant_id
                WHERE c.state = 'DELIVERED' AND v.sku = $1""",
            REDEEMING,
        )
        return [{"secret": row["secret_hmac"]} for row in rows]

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(plain_dsn(self.dsn))
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def _load(self, case: Case, requests: list[Request]) -> Run:
        address = urlsplit(self.process.url)
        assert address.hostname is not None
        assert address.port is not None
        plan = Plan(
            host=address.hostname,
            port=address.port,
            token=case.token(self.world),
            requests=[[(one.body(), one.expected) for one in request] for request in requests],
            clients=case.clients,
            seconds=self.effort.seconds,
            repeated=case.repeated,
        )
        postgres, program = self.postgres_s(), self._program_s()
        said = await measured_by("benchmarks.load", json.dumps(asdict(plan)).encode(), self.place)
        program, postgres = self._program_s() - program, self.postgres_s() - postgres
        return Run.of(said["latencies_s"], said["seconds"], program, postgres)

    async def _bare(self, case: Case, recipes: list[Recipe], brought: list[Any], count: int) -> Run:
        seconds, size = self.effort.seconds, self.store.settings.pool_size
        repeats = 1_000_000 if case.repeated else count
        plan = BarePlan(self.dsn, size, recipes, case.clients, seconds, repeats, brought)
        postgres = self.postgres_s()
        said = await measured_by("benchmarks.bare", pickle.dumps(plan), self.place)
        postgres = self.postgres_s() - postgres
        return Run.of(said["latencies_s"], said["seconds"], said["cpu_s"], postgres)

    def _program_s(self) -> float:
        return sum(spent_s(process) for process in self.process.family())

    def postgres_s(self) -> float:
        """Processor seconds of all of PostgreSQL."""
        return postgres_s(self.postmaster)


def postgres_s(postmaster: psutil.Process) -> float:
    """Processor seconds of the postmaster, its children, and the children that have ended."""
    ended = postmaster.cpu_times()
    living = [postmaster, *postmaster.children(recursive=True)]
    return ended.children_user + ended.children_system + sum(map(spent_s, living))


def spent_s(process: psutil.Process) -> float:
    """Processor seconds of a process; none of one that is gone."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


async def settled(dsn: str, place: Path) -> Settings:
    """Settings over an empty database that is migrated now; what is kept on disk lies in `place`."""
    await migrate(dsn)
    changes = {"database_url": dsn, "data": place / "data"}
    settings = Settings.model_validate(Settings.of_demo().model_dump() | changes)
    settings.make_data()
    server.load_areas()
    return settings


@asynccontextmanager
async def rigged(
    running: RunningDatabase, dsn: str, place: Path, size: Size, effort: Effort
) -> AsyncIterator[Rig]:
    """A rig over an empty database of a PostgreSQL; keys and the server's logs lie in `place`."""
    settings = await settled(dsn, place)
    async with opened(settings) as store:
        world = await build(store, size)
        async with serving(place, dsn, QUANYI_BUDGETS="false") as process:
            yield Rig(dsn, world, process, store, psutil.Process(running.postmaster_pid), effort, place)


async def measured_by(module: str, plan: bytes, place: Path) -> Any:
    """Run one of our modules in a process of its own; what it has measured."""
    asked, said = place / "plan", place / "measured.json"
    asked.write_bytes(plan)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, str(asked), str(said))
    assert await process.wait() == 0, f"{module} failed"
    return json.loads(said.read_bytes())
