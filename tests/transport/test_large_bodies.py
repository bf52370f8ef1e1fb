"""Bodies over the limit, over a real socket: also who reads only when all is written hears 413."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from tests.transport.serving import Served

_HEAD = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_LIMIT = 1_048_576


async def answered(served: Served, *pieces: bytes) -> tuple[str, dict[str, object]]:
    """Write all of it, and only then read the answer to its end: status line and error."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        text = await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
    head, _, body = text.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), orjson.loads(body)["errors"][0]["extensions"]


@pytest.mark.parametrize("size", [_LIMIT + 1, 3 * _LIMIT, 20 * _LIMIT])
async def test_a_client_that_writes_all_before_it_reads_hears_413(size: int) -> None:
    async with Served().listening() as served:
        line, error = await answered(served, f"{_HEAD}Content-Length: {size}\r\n\r\n".encode(), b" " * size)
    assert line.startswith("HTTP/1.1 413 ")
    assert error == {"code": "PAYLOAD_TOO_LARGE", "limit": _LIMIT}


async def test_a_body_of_unknown_length_is_413_too() -> None:
    chunk = b"%x\r\n%b\r\n" % (100_000, b" " * 100_000)
    async with Served().listening() as served:
        head = f"{_HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()
        line, error = await answered(served, head, *[chunk] * 30, b"0\r\n\r\n")
    assert line.startswith("HTTP/1.1 413 ")
    assert error == {"code": "PAYLOAD_TOO_LARGE", "limit": _LIMIT}


async def test_a_client_that_asks_first_hears_413_before_it_sends_anything() -> None:
    async with Served().listening() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(f"{_HEAD}Expect: 100-continue\r\nContent-Length: 9999999999\r\n\r\n".encode())
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 413")
        writer.close()


async def test_a_body_of_just_the_limit_is_read() -> None:
    body = b'{"query":"{ hello }"}'.ljust(_LIMIT)
    async with Served().listening() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(f"{_HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert (await asyncio.wait_for(reader.readline(), 5)) == b"HTTP/1.1 200 OK\r\n"
        writer.close()
