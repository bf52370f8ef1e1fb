"""The load: a process of its own that asks over loopback as many times, or as long, as it is told.

python -m benchmarks.load PLAN MEASURED     two files of JSON
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import uvloop


class UnexpectedAnswer(Exception):
    """The server answered something else than the plan expects; nothing that it does not do is measured."""


@dataclass
class Plan:
    """What to ask: every request is a sequence of bodies, of which a later one may need an earlier answer."""

    host: str
    port: int
    token: str
    requests: list[list[tuple[str, str]]]
    """Each body with words of its right answer; `{order}` is the order's id in the answer before."""
    clients: int
    seconds: float
    repeated: bool
    """Whether the requests begin again when they are used up, as reads may."""
    latencies_s: list[float] = field(default_factory=list)
    ends_at: float = 0.0

    def feed(self) -> Iterator[list[tuple[str, str]]]:
        """The requests, shared by all clients, until time is up."""
        for request in cycle(self.requests) if self.repeated else self.requests:
            if time.perf_counter() >= self.ends_at:
                return
            yield request


class Connection:
    """One keep-alive connection that knows as much of HTTP as our server's answers need."""

    def __init__(self, plan: Plan, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._head = (
            f"POST /graphql HTTP/1.1\r\nhost: {plan.host}:{plan.port}\r\n"
            f"authorization: Bearer {plan.token}\r\n"
            "content-type: application/json\r\naccept: application/json\r\ncontent-length: "
        )

    async def ask(self, body: str) -> bytes:
        """The answer's body."""
        raw = body.encode()
        self._writer.write(f"{self._head}{len(raw)}\r\n\r\n".encode() + raw)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = head.partition(b"content-length:")
        return await self._reader.readexactly(int(length.partition(b"\r\n")[0]))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def run(plan: Plan) -> dict[str, Any]:
    """Ask with all clients; latencies and the time from the first question to the last answer."""
    connections = [
        Connection(plan, *await asyncio.open_connection(plan.host, plan.port)) for _ in range(plan.clients)
    ]
    began = time.perf_counter()
    plan.ends_at = began + plan.seconds
    feed = plan.feed()
    async with asyncio.TaskGroup() as clients:
        for connection in connections:
            clients.create_task(_client(plan, connection, feed))
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return {"latencies_s": plan.latencies_s, "seconds": seconds}


async def _client(plan: Plan, connection: Connection, feed: Iterator[list[tuple[str, str]]]) -> None:
    for request in feed:
        began = time.perf_counter()
        answer = b""
        for body, expected in request:
            answer = await connection.ask(_filled(body, answer))
            if expected.encode() not in answer or b'"errors"' in answer:
                raise UnexpectedAnswer(answer.decode()[:500])
        plan.latencies_s.append(time.perf_counter() - began)


def _filled(body: str, answer: bytes) -> str:
    if not answer:
        return body
    order = answer[answer.index(b'"ord_') + 1 :].partition(b'"')[0]
    return body.replace("{order}", order.decode())


def main(plan: str, measured: str) -> None:
    """Read the plan, follow it, tell."""
    figures = uvloop.run(run(Plan(**json.loads(Path(plan).read_bytes()))))
    Path(measured).write_text(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
