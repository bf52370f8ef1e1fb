"""A client that does not read is told from where to resume, loses nothing, and delays nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from persistence.veil import new_veil
from resolvers.http.endpoint import HttpEndpoint
from resolvers.site.framed import FramedSocket
from schema.context import Context
from schema.revocations import Revocations
from subscriptions.sse import EventStreamWriter
from subscriptions.websocket import SocketEndpoint, SocketLimits
from tests.subscriptions.machine import Machine
from tests.subscriptions.ticking import Ticking, agent, until
from tests.transport.serving import listening
from tests.transport.sockets import Client, client

EVENTS = 900
FILLER = "x" * 20_000
"""Makes messages so long that no buffer between here and there takes all of them."""
NUMBERS = "subscription ($after: String) { ticked(after: $after) { position n shownTo } }"


class Door:
    """Lets everybody in as an agent."""

    def __init__(self, ticking: Ticking) -> None:
        self._ticking = ticking
        self._revocations = Revocations(ticking.machine.feed)

    async def open(
        self, headers: Mapping[str, str], init_payload: Mapping[str, Any] | None, client_address: str
    ) -> Context:
        """Settle who asks."""
        reads: Any = self._ticking
        return Context(agent(), reads, reads, self._ticking.machine.feed, revocations=self._revocations)


@asynccontextmanager
async def serving(ticking: Ticking, ws: Any = FramedSocket, queued: int = 8) -> AsyncIterator[int]:
    """Sockets and streams over the same groups; the port."""
    door, groups = Door(ticking), ticking.groups
    sockets = SocketEndpoint(ticking.engine, door, SocketLimits(queued_messages=queued), groups)
    stream = EventStreamWriter(ticking.engine, queued=queued, groups=groups)
    http = HttpEndpoint(ticking.engine, door, new_veil, stream=stream)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (sockets if scope["type"] == "websocket" else http)(scope, receive, send)

    async with listening(app, ws) as port:
        yield port
        await sockets.close()
        await stream.close()


@asynccontextmanager
async def socket(port: int, id_: str, **variables: str) -> AsyncIterator[Client]:
    """A client with one subscription."""
    async with client(f"ws://127.0.0.1:{port}/graphql") as own:
        await own.begin()
        await own.subscribe(id_, NUMBERS, variables=variables)
        yield own


@asynccontextmanager
async def stream(port: int, document: str) -> AsyncIterator[asyncio.StreamReader]:
    """The body of an event stream, as it comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    body = orjson.dumps({"query": document})
    head = (
        "POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
    )
    writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await reader.readuntil(b"\r\n\r\n")
    yield reader
    writer.close()


async def heard(own: Client, count: int) -> list[int]:
    """So many numbers."""
    return [(await own.hear())["payload"]["data"]["ticked"]["n"] for _ in range(count)]


@pytest.mark.parametrize("ws", [FramedSocket, "websockets-sansio"])
async def test_a_socket_that_does_not_read_resumes_where_it_was(machine: Machine, ws: Any) -> None:
    ticking = Ticking(machine)
    async with serving(ticking, ws) as port, socket(port, FILLER) as slow, socket(port, "1") as quick:
        await until(lambda: members(ticking) == 2)
        await ticking.tick()
        assert await heard(slow, 1) == await heard(quick, 1) == [1]
        slow.socket.transport.pause_reading()
        await ticking.tick(EVENTS)
        assert await heard(quick, EVENTS) == list(range(2, EVENTS + 2))
        slow.socket.transport.resume_reading()
        numbers = [1]
        while (message := await slow.hear())["type"] == "next":
            numbers.append(message["payload"]["data"]["ticked"]["n"])
        assert (message["type"], message["id"]) == ("error", FILLER)
        told = message["payload"][0]["extensions"]
        assert told == {"code": "SLOW_CONSUMER", "position": str(len(numbers))}
        assert 1 < len(numbers) < EVENTS
        await slow.subscribe("2", NUMBERS, variables={"after": told["position"]})
        numbers += await heard(slow, EVENTS + 1 - len(numbers))
        assert numbers == list(range(1, EVENTS + 2))
        await ticking.tick()
        assert await heard(slow, 1) == await heard(quick, 1) == [EVENTS + 2]


async def test_a_stream_that_does_not_read_is_told_the_same(machine: Machine) -> None:
    ticking = Ticking(machine)
    document = f"subscription {{ ticked {{ n position padding(length: {len(FILLER)}) }} }}"
    async with serving(ticking) as port, stream(port, document) as slow:
        await until(lambda: members(ticking) == 1)
        await ticking.tick(EVENTS)
        await until(lambda: members(ticking) == 0)
        text = b""
        while b"event: complete" not in text:
            text = text[-2 * len(FILLER) :] + await asyncio.wait_for(slow.read(2**20), 5)
    last = [line for line in text.split(b"\n") if line.startswith(b"data: ")]
    told = orjson.loads(last[-1].removeprefix(b"data: "))["errors"][0]["extensions"]
    position = orjson.loads(last[-2].removeprefix(b"data: "))["data"]["ticked"]["position"]
    assert told == {"code": "SLOW_CONSUMER", "position": position}


async def test_sockets_and_streams_are_served_by_one_execution(machine: Machine) -> None:
    ticking = Ticking(machine)
    async with (
        serving(ticking) as port,
        socket(port, "1") as one,
        socket(port, "another") as two,
        stream(port, NUMBERS) as three,
    ):
        await until(lambda: members(ticking) == 3)
        await ticking.tick()
        first, second = await one.hear(), await two.hear()
        assert (first["id"], second["id"]) == ("1", "another")
        assert first["payload"] == second["payload"]
        text = b""
        while b"data: {" not in text:
            text += await asyncio.wait_for(three.read(2**16), 5)
        assert b'"shownTo"' in text
        assert ticking.executed == [1]


def members(ticking: Ticking) -> int:
    """How many subscriptions there are in all groups."""
    return sum(len(group) for group in ticking.groups)
