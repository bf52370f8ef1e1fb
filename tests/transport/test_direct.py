"""Answers that are written at once are those of ASGI's own way, but for the order of the headers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from resolvers.site.direct import DirectHttp
from resolvers.site.edge import Edge, EdgePolicy
from tests.transport.serving import Served, listening

_BODY = b'{"query":"{ hello }"}'
_ANSWER = b'{"data":{"hello":"hello world"}'


def posted(*lines: str, version: str = "1.1") -> bytes:
    said = [
        f"POST /graphql HTTP/{version}", "host: a", "content-type: application/json",
        f"content-length: {len(_BODY)}", "x-request-id: r-7", *lines, "", "",
    ]  # fmt: skip
    return "\r\n".join(said).encode() + _BODY


async def answers(http: Any, asked: bytes, count: int, origins: str = "*") -> list[tuple[list[bytes], bytes]]:
    """So many answers of one connection: their lines by the alphabet without the date, and their bodies."""
    found = []
    async with listening(Edge(Served(), EdgePolicy.of(origins, "")), http=http) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(asked)
        for _ in range(count):
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).splitlines()
            length = next(int(line[16:]) for line in head if line.startswith(b"content-length: "))
            body = await reader.readexactly(length)
            found.append((sorted(line for line in head if not line.startswith(b"date: ")), body))
        writer.close()
        await writer.wait_closed()
    return found


@pytest.mark.parametrize(
    ("lines", "version", "origins"),
    [
        ([], "1.1", "*"),
        (["accept: application/graphql-response+json"], "1.1", "*"),
        (["origin: https://shop.example"], "1.1", "*"),
        (["origin: https://shop.example"], "1.1", "https://shop.example"),
        (["origin: https://other.example"], "1.1", "https://shop.example"),
        (["connection: close"], "1.1", "*"),
        ([], "1.0", "*"),
    ],
)
async def test_both_ways_write_the_same(lines: list[str], version: str, origins: str) -> None:
    asked = posted(*lines, version=version)
    direct = await answers(DirectHttp, asked, 1, origins)
    assert direct == await answers(HttpToolsProtocol, asked, 1, origins)
    assert b"HTTP/1.1 200 OK" in direct[0][0]
    assert direct[0][1].startswith(_ANSWER)
    assert b"x-request-id: r-7" in direct[0][0]


async def test_requests_in_a_row_are_answered_in_their_order() -> None:
    asked = posted() + posted("accept: text/nothing") + posted()
    direct = await answers(DirectHttp, asked, 3)
    assert direct == await answers(HttpToolsProtocol, asked, 3)
    assert [b"HTTP/1.1 200 OK" in head for head, _ in direct] == [True, False, True]
