"""The two sides of the fan-out: a server with thousands of sockets, and a way to make an event."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from resolvers.site.listener import bound

WARM_UP = 5
IDLE_S = 3.0
PATIENCE_S = 120.0
CONNECTED_WITHIN_S = 900.0
Emit = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Figures:
    """One side."""

    cpu_us: float
    """Processor microseconds of the server for each delivered message."""
    idle_us: float
    """What of it the server spends without any event: its timers and jobs in the same time."""
    last_ms: float
    """Median time from an event to its arrival at the last socket."""
    message_bytes: int
    megabytes: float
    """Resident memory of the server."""


class Side:
    """A server, its sockets, and a way to make an event."""

    def __init__(self, processes: Callable[[], list[psutil.Process]], audience: Any, emit: Emit) -> None:
        self._processes, self._audience, self._emit = processes, audience, emit
        self.message = ""

    async def event(self) -> dict[str, Any]:
        """Make one event, and wait until everybody has it."""
        self._audience.stdin.write(b"\n")
        await self._audience.stdin.drain()
        await self._emit()
        async with asyncio.timeout(PATIENCE_S):
            line = (await self._audience.stdout.readline()).decode()
        assert line.startswith("all "), line
        said: dict[str, Any] = json.loads(line[4:])
        self.message = said["message"]
        return said

    async def measure(self, sockets: int, events: int) -> Figures:
        """Deliver so many events to all sockets."""
        told = [await self.event() for _ in range(WARM_UP)]
        began_s, before = self.cpu_s(), told[-1]["bytes"]
        await asyncio.sleep(IDLE_S)
        idle = (self.cpu_s() - began_s) / IDLE_S
        began_s, since_s = self.cpu_s(), time.perf_counter()
        told = [await self.event() for _ in range(events)]
        messages = sockets * events
        spent_s, wall_s = self.cpu_s() - began_s, time.perf_counter() - since_s
        return Figures(
            cpu_us=spent_s / messages * 1e6,
            idle_us=idle * wall_s / messages * 1e6,
            last_ms=statistics.median(one["s"] for one in told) * 1e3,
            message_bytes=(told[-1]["bytes"] - before) // messages,
            megabytes=self.megabytes(),
        )

    def cpu_s(self) -> float:
        """What all threads of the server have spent."""
        files = (Path(f"/proc/{one.pid}/task").glob("*/schedstat") for one in self._processes())
        return sum(int(file.read_text().split()[0]) for file in itertools.chain(*files)) / 1e9

    def megabytes(self) -> float:
        """What the server keeps in memory."""
        return float(sum(one.memory_info().rss for one in self._processes()) / 2**20)


@asynccontextmanager
async def listening(plan: dict[str, Any]) -> AsyncIterator[Any]:
    """The process with the sockets, when all of them have subscribed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.audience",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**20,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        async with asyncio.timeout(CONNECTED_WITHIN_S):
            line = await process.stdout.readline()
        assert line == b"ready\n", line
        yield process
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def broadcasting(text: str, sockets: int) -> AsyncIterator[Side]:
    """The broadcast, with an audience that does not know the difference."""
    with bound("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()[:2]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.broadcast", str(listener.fileno()),
            stdout=asyncio.subprocess.PIPE, pass_fds=[listener.fileno()],
        )  # fmt: skip
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        watched = psutil.Process(process.pid)
        plan = {"host": host, "port": port, "sockets": sockets, "token": "", "payloads": [{"query": ""}]}
        try:
            async with listening(plan) as audience, httpx2.AsyncClient() as http:

                async def emit() -> None:
                    await http.post(f"http://{host}:{port}/emit", content=text.encode())

                yield Side(lambda: [watched], audience, emit)
        finally:
            process.terminate()
            await process.wait()
