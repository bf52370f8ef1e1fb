"""Server-sent events over a real socket, as urql and graphql-sse ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from tests.transport.serving import PATIENCE_S, Served, request, until

_SSE = "text/event-stream"


class Reading:
    """A raw HTTP/1.1 response that is still coming."""

    def __init__(self, reader: asyncio.StreamReader, head: str) -> None:
        self._reader = reader
        self.head = head
        self._text = b""

    async def chunk(self) -> bytes:
        """The next piece of a chunked body, empty at its end."""
        size = int(await asyncio.wait_for(self._reader.readline(), PATIENCE_S), 16)
        return (await self._reader.readexactly(size + 2))[:size]

    async def rest(self) -> bytes:
        """All that is still to come."""
        text = b""
        while piece := await self.chunk():
            text += piece
        return text


@asynccontextmanager
async def reading(served: Served, query: str, accept: str = _SSE) -> AsyncIterator[Reading]:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    body = orjson.dumps({"query": query})
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
    writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    try:
        yield Reading(reader, (await reader.readuntil(b"\r\n\r\n")).decode())
    finally:
        writer.close()


@pytest.mark.parametrize("accept", [_SSE, "text/event-stream, multipart/mixed",
                                    "application/json, text/event-stream"])  # fmt: skip
async def test_a_subscription_streams_and_completes(accept: str) -> None:
    async with (
        Served().listening() as served,
        reading(served, "subscription { count(to: 2) }", accept) as got,
    ):
        assert "200 OK" in got.head
        assert "text/event-stream; charset=utf-8" in got.head
        assert await got.rest() == (
            b':\n\nevent: next\ndata: {"data":{"count":1}}\n\nevent: next\ndata: {"data":{"count":2}}\n\n'
            b"event: complete\ndata:\n\n"
        )
    assert served.gateway.closed == ["nobody"]


async def test_a_query_may_be_streamed_too() -> None:
    async with Served().listening() as served, reading(served, "{ hello }") as got:
        text = await got.rest()
        assert text.startswith(b':\n\nevent: next\ndata: {"data":{"hello":"hello world"}')
        assert text.endswith(b"\n\nevent: complete\ndata:\n\n")


async def test_urql_gets_json_for_a_query() -> None:
    accept = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
    response = await request(
        Served(), body=b'{"query":"{ hello }"}', content_type="application/json", accept=accept
    )
    assert response.headers["content-type"].startswith("application/graphql-response+json")


@pytest.mark.parametrize(
    ("query", "code"),
    [("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"), ("subscription {", "GRAPHQL_PARSE_FAILED"),
     ("query($v: Int!) { number(value: $v) }", "BAD_USER_INPUT")],
)  # fmt: skip
async def test_a_refused_operation_is_the_only_event_of_its_stream(query: str, code: str) -> None:
    body = orjson.dumps({"query": query})
    response = await request(Served(), body=body, content_type="application/json", accept=_SSE)
    assert (response.status, response.headers["content-type"]) == (200, f"{_SSE}; charset=utf-8")
    name, data, rest = response.body.split(b"\n", 2)
    assert (name, rest) == (b"event: next", b"\nevent: complete\ndata:\n\n")
    answer = orjson.loads(data.removeprefix(b"data: "))
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert set(answer) == {"errors"}


async def test_what_is_wrong_with_the_request_itself_is_json() -> None:
    said: Any = {"content_type": "application/json", "accept": _SSE}
    response = await request(Served(), body=b'{"query":"{ hello }"}', **said, authorization="Bearer wrong")
    assert response.status == 401
    assert orjson.loads(response.body)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    response = await request(Served(), body=b"{}", **said)
    assert response.status == 400
    assert orjson.loads(response.body)["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_quiet_stream_has_a_heartbeat() -> None:
    async with (
        Served(heartbeat_s=0.02).listening() as served,
        reading(served, "subscription { count(to: 1, every: 60) }") as got,
    ):
        assert [await got.chunk() for _ in range(3)] == [b":\n\n"] * 3


async def test_a_client_that_leaves_closes_the_source() -> None:
    async with Served().listening() as served:
        leaving = reading(served, "subscription { count(to: 1000, every: 0.01) }")
        async with leaving as got:
            await got.chunk()
        await until(lambda: served.gateway.closed)
        assert served.gateway.words == ["source closed"]
        assert served.gateway.closed == ["nobody"]


async def test_a_stream_ends_when_the_token_does() -> None:
    async with (
        Served(left_s=0.5).listening() as served,
        reading(served, "subscription { count(to: 1000, every: 0.02) }") as got,
    ):
        assert b"complete" not in await got.rest()
    assert served.gateway.words == ["source closed"]


async def test_a_source_that_breaks_says_so_masked() -> None:
    async with Served().listening() as served, reading(served, "subscription { breaks }") as got:
        text = await got.rest()
        assert b"Internal error" in text
        assert b"canary" not in text
        assert text.endswith(b"event: complete\ndata:\n\n")


async def test_a_server_that_stops_ends_its_streams() -> None:
    async with (
        Served().listening() as served,
        reading(served, "subscription { count(to: 1000, every: 0.05) }") as got,
    ):
        await got.chunk()
        await served.stream.close()
        await got.rest()
    assert served.gateway.words == ["source closed"]
