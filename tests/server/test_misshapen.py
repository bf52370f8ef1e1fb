"""Thousands of requests that are none: no fault, no traceback, no slow answer, and no memory of them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.fixtures.demo import Home
from tests.server import misshapen
from tests.server_process import ServerProcess, serving

SHOP = "gd-sz-mini01"
PROTOCOL = Subprotocol("graphql-transport-ws")
GRAPHQL = "application/graphql-response+json"
LATE_S = 0.25
TRIES = 3
"""How often in a row an answer has to be late to be called slow."""
_WAIT_S = 30.0


@dataclass
class Storm:
    """What came of all of it."""

    server: ServerProcess
    token: str
    slowest_s: float = 0.0
    slow: Counter[str | bytes] = field(default_factory=Counter)
    """What was answered late, and how often: it is sent again, since the machine may have been busy."""
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    closes: Counter[int] = field(default_factory=Counter)

    async def post(self, http: httpx2.AsyncClient, body: bytes) -> None:
        """One body; whatever is answered is JSON of GraphQL with a status below 500."""
        said = {
            "content-type": "application/json",
            "accept": GRAPHQL,
            "authorization": f"Bearer {self.token}",
        }
        began_s = time.perf_counter()
        response = await http.post(f"{self.server.url}/graphql", content=body, headers=said)
        if self._was_slow(body, time.perf_counter() - began_s):
            await self.post(http, body)
        self.statuses[response.status_code] += 1
        assert response.status_code < 500, (body, response.text)
        for error in response.json().get("errors", ()):
            self.codes[error["extensions"]["code"]] += 1

    async def speak(self, messages: Iterator[str]) -> None:
        """All messages, over as many connections as it takes: most of them end one."""
        left: list[str] = list(messages)[::-1]
        while left:
            async with self._connected() as socket:
                try:
                    if len(left) % 3:
                        await socket.send(orjson.dumps({"type": "connection_init"}).decode())
                        await self._hear(socket)
                    while left:
                        began_s, message = time.perf_counter(), left.pop()
                        await socket.send(message)
                        await socket.send('{"type":"ping"}')
                        await self._hear(socket)
                        if self._was_slow(message, time.perf_counter() - began_s):
                            left.append(message)
                except ConnectionClosed as closed:
                    self.closes[closed.rcvd.code if closed.rcvd else 1006] += 1

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        url = self.server.url.replace("http", "ws", 1) + "/graphql"
        async with connect(url, subprotocols=[PROTOCOL], ping_interval=None) as socket:
            yield socket

    async def _hear(self, socket: ClientConnection) -> None:
        """What comes until the connection has begun, or a ping is answered."""
        heard: dict[str, Any] = {"type": ""}
        while heard["type"] not in ("connection_ack", "pong"):
            heard = orjson.loads(await asyncio.wait_for(socket.recv(), _WAIT_S))
            for error in heard["payload"] if heard["type"] == "error" else ():
                self.codes[error["extensions"]["code"]] += 1

    def _was_slow(self, sent: str | bytes, took_s: float) -> bool:
        """Whether it has to be sent again, to tell a slow request from a busy machine."""
        self.slowest_s = max(self.slowest_s, took_s)
        if took_s < LATE_S:
            return False
        self.slow[sent] += 1
        return self.slow[sent] < TRIES

    @property
    def resident(self) -> int:
        """Bytes of memory of the server."""
        return sum(process.memory_info().rss for process in self.server.family())


async def rage(storm: Storm, seed: int, documents: int, bodies: int, messages: int) -> None:
    """One after another, as one client sends them."""
    async with httpx2.AsyncClient(timeout=_WAIT_S) as http:
        for text in misshapen.documents(seed, documents):
            await storm.post(http, orjson.dumps({"query": text}))
        for body in misshapen.bodies(seed, bodies):
            await storm.post(http, body)
    await storm.speak(misshapen.messages(seed, messages))


@pytest.fixture
async def storm(demo_home: Home, tmp_path: Path) -> AsyncIterator[Storm]:
    """A server as its users run it, without budgets: nobody is sent away for asking too much."""
    with demo_home.copied() as home:
        dsn = home.settings().database_url
        async with serving(tmp_path, dsn, QUANYI_DATA=str(home.data), QUANYI_BUDGETS="false") as server:
            yield Storm(server, str(home.guide["storefrontTokens"][SHOP]))


def check(storm: Storm, grown: int) -> None:
    """Every promise but that of time, which a busy machine breaks for us."""
    assert "Traceback" not in storm.server.log
    assert "INTERNAL" not in storm.codes
    assert storm.codes["GRAPHQL_PARSE_FAILED"] > 0
    assert storm.codes["GRAPHQL_VALIDATION_FAILED"] > 0
    assert 4400 in storm.closes
    assert {1006, 1011} & set(storm.closes) == set()
    assert grown < 50 * 2**20


async def test_hundreds_of_misshapen_requests_do_no_harm(storm: Storm) -> None:
    await rage(storm, 1, 10, 5, 5)
    before = storm.resident
    await rage(storm, 2, 150, 50, 50)
    check(storm, storm.resident - before)


@pytest.mark.soak
async def test_fourteen_thousand_misshapen_requests_do_no_harm_and_wait_for_nothing(storm: Storm) -> None:
    await rage(storm, 3, 500, 100, 100)
    before, storm.slowest_s = storm.resident, 0.0
    began_s = sum(process.cpu_times().user for process in storm.server.family())
    await rage(storm, 4, 10_000, 2_000, 2_000)
    grown = storm.resident - before
    spent_s = sum(process.cpu_times().user for process in storm.server.family()) - began_s
    print(f"\nslowest {storm.slowest_s * 1e3:.0f} ms, grown by {grown / 2**20:.1f} MB, {spent_s:.1f} CPU-s")
    print(dict(storm.statuses), dict(storm.codes), dict(storm.closes))
    check(storm, grown)
    assert max(storm.slow.values(), default=0) < TRIES
