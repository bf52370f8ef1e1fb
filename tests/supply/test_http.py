"""Calls to suppliers over a real socket: whatever is no clear answer is UNKNOWN."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import orjson
import pytest

from domain.supply.answers import Answer, Call, Conversation
from domain.supply.states import AttemptState
from persistence.http import Caller

S = AttemptState
CODES = {"OK": S.SUCCEEDED, "NO": S.FAILED}


def speak(url: str, timeout_s: float = 0.5) -> Conversation:
    """An adapter of these tests: one call, and a list of the codes that are definite."""
    reply = yield Call("POST", url, {"content-type": "application/json"}, b"{}", timeout_s)
    if reply.failure or reply.status != 200:
        return Answer(S.UNKNOWN, detail=reply.failure or str(reply.status))
    code = orjson.loads(reply.body)["code"]
    return Answer(CODES.get(code, S.UNKNOWN), detail=code)


@dataclass(slots=True)
class Supplier:
    """A server that answers as it is told, and counts how often it was asked."""

    url: str = ""
    asked: int = 0
    body: bytes = b'{"code": "OK"}'
    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=dict)
    silent_for: int = 0
    running: set[asyncio.Task[None] | None] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.running.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.asked > self.silent_for:
            head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            writer.write(
                f"HTTP/1.1 {self.status}\r\ncontent-length: {len(self.body)}\r\n{head}"
                "connection: close\r\n\r\n".encode() + self.body
            )  # fmt: skip
            await writer.drain()
        else:
            await asyncio.sleep(0.4)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
async def supplier() -> AsyncIterator[Supplier]:
    supplier = Supplier()
    server = await asyncio.start_server(supplier.serve, "127.0.0.1", 0)
    supplier.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/orders"
    async with server:
        yield supplier
        await asyncio.gather(*(task for task in supplier.running if task))


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    caller = Caller()
    yield caller
    await caller.close()


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        ("200 OK", b'{"code": "OK"}', S.SUCCEEDED),
        ("200 OK", b'{"code": "NO"}', S.FAILED),
        ("200 OK", b'{"code": "E-4711"}', S.UNKNOWN),
        ("200 OK", b"", S.UNKNOWN),
        ("200 OK", b"<html>Bad gateway</html>", S.UNKNOWN),
        ("200 OK", b"[]", S.UNKNOWN),
        ("200 OK", b" " * 2_000_000, S.UNKNOWN),
        ("502 Bad Gateway", b'{"code": "NO"}', S.UNKNOWN),
        ("302 Found", b'{"code": "OK"}', S.UNKNOWN),
    ],
)
async def test_only_listed_codes_are_answers(
    supplier: Supplier, caller: Caller, status: str, body: bytes, state: AttemptState
) -> None:
    supplier.status, supplier.body, supplier.headers = status, body, {"location": "/elsewhere"}
    assert (await caller.converse(speak(supplier.url), repeatable=False)).state is state
    assert supplier.asked == 1


async def test_a_submission_that_hangs_is_unknown_and_never_repeated(
    supplier: Supplier, caller: Caller
) -> None:
    supplier.silent_for = 9
    answer = await caller.converse(speak(supplier.url, 0.2), repeatable=False)
    assert (answer.state, answer.detail, supplier.asked) == (S.UNKNOWN, "TIMEOUT", 1)


async def test_a_question_is_repeated(supplier: Supplier, caller: Caller) -> None:
    supplier.silent_for = 1
    answer = await caller.converse(speak(supplier.url, 3), repeatable=True)
    assert (answer.state, supplier.asked) == (S.SUCCEEDED, 2)


async def test_a_server_that_is_not_there_is_unknown(caller: Caller) -> None:
    answer = await caller.converse(speak("http://127.0.0.1:9/", 2), repeatable=False)
    assert (answer.state, answer.detail) == (S.UNKNOWN, "CONNECTION")
