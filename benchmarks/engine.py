"""Measures reads in one process: processor time a request, compiled, by strawberry, and written by hand.

python -m benchmarks.engine [--products N] [--requests N] [--dsn DSN]
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import uvloop

import server
from benchmarks.by_hand import ByHand
from benchmarks.card_import import open_directory
from benchmarks.cases import PRODUCT_DETAIL, PRODUCT_LIST
from benchmarks.world import Size, World, build
from persistence.embedded import start
from persistence.migrations.run import migrate
from persistence.settings import Settings
from persistence.store import Store, opened
from persistence.veil import new_veil
from resolvers.http.codec import OrjsonCodec
from resolvers.http.endpoint import HttpEndpoint
from schema.context import ContextGateway
from schema.engine.compiled.execution import CompiledExecution
from schema.engine.engine import Engine
from schema.errors import error_of

Ask = Callable[[bytes], Awaitable[bytes]]
_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor milliseconds of one request."""

    server_ms: float
    database_ms: float

    @property
    def both_ms(self) -> float:
        """What the machine spends on it."""
        return self.server_ms + self.database_ms


class Bench:
    """One store, asked in different ways."""

    def __init__(self, store: Store, world: World) -> None:
        self.store, self.world = store, world
        self.schema = server.build_schema()
        self.gateway = ContextGateway(store.authenticator, store.reads, store.perform, store.feed)
        self.headers = {"authorization": f"Bearer {world.storefront}"}

    def compiled(self) -> Ask:
        """The HTTP endpoint with compiled execution, from the body's bytes to the answer's."""
        return self._endpoint(CompiledExecution(self.schema))

    def core(self) -> Ask:
        """The same endpoint with graphql-core's executor."""
        return self._endpoint(None)

    def _endpoint(self, execution: CompiledExecution | None) -> Ask:
        engine = Engine(self.schema, codec=OrjsonCodec(), error_of=error_of, execution=execution)
        endpoint = HttpEndpoint(engine, self.gateway, new_veil)
        headers = [(b"authorization", self.headers["authorization"].encode())]
        headers.append((b"content-type", b"application/json"))

        async def ask(body: bytes) -> bytes:
            scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
            said: list[Any] = []

            async def receive() -> Any:
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(message: Any) -> None:
                said.append(message)

            await endpoint({**scope, "client": ("127.0.0.1", 1)}, receive, send)
            return bytes(said[1]["body"])

        return ask

    def strawberry(self) -> Ask:
        """What strawberry's own executor makes of it with loaders; it parses and validates each request."""

        async def ask(body: bytes) -> bytes:
            request = json.loads(body)
            context = await self.gateway.open(self.headers, None, "127.0.0.1")
            result = await self.schema.execute(
                request["query"], variable_values=request["variables"], context_value=context
            )
            return json.dumps({"data": result.data}, ensure_ascii=False).encode()

        return ask

    async def spent(self, ask: Ask, bodies: Sequence[bytes], count: int) -> Spent:
        """The processor time of the server and of its PostgreSQL backends."""
        for body in bodies[:20]:
            await ask(body)
        backends = await self.backends()
        database, began = _database_s(backends), time.process_time()
        for at in range(count):
            await ask(bodies[at % len(bodies)])
        server_s, database_s = time.process_time() - began, _database_s(backends) - database
        return Spent(server_s / count * 1e3, database_s / count * 1e3)

    async def backends(self) -> list[int]:
        """The processes that serve this program's connections."""
        async with self.store.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            )
        return [row["pid"] for row in rows]


def _database_s(backends: Sequence[int]) -> float:
    total = 0.0
    for pid in backends:
        file = Path(f"/proc/{pid}/stat")
        if file.exists():
            fields = file.read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) * _TICK_S
    return total


def bodies_of(world: World) -> dict[str, list[bytes]]:
    """What front ends post."""
    lists = [{"category": f"shelf-{at}", "first": 20} for at in range(10)]
    details = [{"slug": slug} for slug in world.slugs[:: max(1, len(world.slugs) // 100)]]
    return {
        "ProductList": [orjson.dumps({"query": PRODUCT_LIST, "variables": one}) for one in lists],
        "ProductDetail": [orjson.dumps({"query": PRODUCT_DETAIL, "variables": one}) for one in details],
    }


async def measure(store: Store, world: World, requests: int) -> dict[str, dict[str, Spent]]:
    """Each operation in each way."""
    bench, by_hand = Bench(store, world), await ByHand.of(store, world.storefront)
    found: dict[str, dict[str, Spent]] = {}
    for name, bodies in bodies_of(world).items():
        compiled, hand = bench.compiled(), by_hand.asks[name]
        for body in bodies[:5]:
            ours = orjson.loads(await compiled(body))
            assert orjson.dumps(ours["data"]) == orjson.dumps(orjson.loads(await hand(body))["data"]), name
            assert orjson.loads(await bench.strawberry()(body))["data"] == ours["data"]
        found[name] = {
            "compiled": await bench.spent(compiled, bodies, requests),
            "by hand": await bench.spent(hand, bodies, requests),
            "core": await bench.spent(bench.core(), bodies, max(20, requests // 20)),
            "strawberry": await bench.spent(bench.strawberry(), bodies, max(20, requests // 20)),
        }
    return found


def table(found: dict[str, dict[str, Spent]]) -> str:
    """The figures and the two ratios that count."""
    lines = [f"{'':<14}{'way':<12}{'server ms':>10}{'database ms':>13}{'both ms':>9}"]
    for name, ways in found.items():
        for way, spent in ways.items():
            figures = f"{spent.server_ms:>10.3f}{spent.database_ms:>13.3f}{spent.both_ms:>9.3f}"
            lines.append(f"{name:<14}{way:<12}{figures}")
        compiled = ways["compiled"]
        lines.append(
            f"{name:<14}{compiled.both_ms / ways['by hand'].both_ms:.2f} x the hand-written program (both), "
            f"{ways['strawberry'].server_ms / compiled.server_ms:.0f} x less than strawberry (server)"
        )
    return "\n".join(lines)


@asynccontextmanager
async def _filled(dsn: str | None, products: int) -> Any:
    with open_directory() as directory:
        running = None if dsn else await start(directory / "postgres")
        try:
            url = dsn or running.dsn  # type: ignore[union-attr]
            await migrate(url)
            changes = {"database_url": url, "data": directory / "data"}
            settings = Settings.model_validate(Settings.of_demo().model_dump() | changes)
            settings.make_data()
            server.load_areas()
            async with opened(settings) as store:
                yield store, await build(store, Size(products, 300, 100))
        finally:
            if running is not None:
                await running.stop()


async def _run(arguments: argparse.Namespace) -> None:
    async with _filled(arguments.dsn, arguments.products) as (store, world):
        print(table(await measure(store, world, arguments.requests)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("benchmarks.engine", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--dsn", help="An empty database; otherwise a PostgreSQL of its own is started.")
    uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
