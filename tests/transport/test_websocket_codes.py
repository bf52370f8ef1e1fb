"""The table of graphql-transport-ws: what a client may send and when, and the code or answer it gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from tests.transport.serving import Served
from tests.transport.sockets import client, serving

Frame = dict[str, Any] | str | bytes

_HELLO = {"query": "{ hello }"}
_ENDLESS = {"query": "subscription { count(to: 100000, every: 1) }"}
_TYPE = "A message needs a 'type' that the protocol knows"
_JSON = "A message must be a JSON object in UTF-8"
_ID = "A subscribe message needs a non-empty string 'id'"
_TWICE = "Too many initialisation requests"


def init(**said: Any) -> Frame:
    """The first message."""
    return {"type": "connection_init", **said}


def ask(payload: Any, id_: Any = "1") -> Frame:
    """An operation."""
    return {"type": "subscribe", "id": id_, "payload": payload}


MISUSES: dict[str, tuple[Sequence[Frame], int, str]] = {
    "an operation before the first message": ([ask(_HELLO)], 4401, "Unauthorized"),
    "a second first message": ([init(), init()], 4429, _TWICE),
    "a second first message with a token": ([init(), init(payload={"token": "a1"})], 4429, _TWICE),
    "a refused token": ([init(payload={"token": "wrong"})], 4403, "Forbidden"),
    "a principal that is slowed": ([init(payload={"token": "greedy"})], 4403, "Wait a second."),
    "an id in use": ([init(), *[ask(_ENDLESS, "a")] * 2], 4409, "Subscriber for a already exists"),
    "a long id in use": ([init(), *[ask(_ENDLESS, "号" * 99)] * 2], 4409, "Subscriber for " + "号" * 35),
    "a message of the server": ([init(), {"type": "connection_ack"}], 4400, _TYPE),
    "a type in capitals": ([{"type": "CONNECTION_INIT"}], 4400, _TYPE),
    "a type of the protocol before": ([{"type": "connection_terminate"}], 4400, _TYPE),
    "no type": ([{"id": "1"}], 4400, _TYPE),
    "no JSON": (["{"], 4400, _JSON),
    "two messages in a frame": (['{"type":"ping"}{"type":"ping"}'], 4400, _JSON),
    "a binary frame": ([b'{"type":"connection_init"}'], 4400, "Only text frames are read"),
    "no id": ([init(), {"type": "subscribe", "payload": _HELLO}], 4400, _ID),
    "an id of null": ([init(), ask(_HELLO, None)], 4400, _ID),
    "a number for an id": ([init(), ask(_HELLO, 1)], 4400, _ID),
    "an object for an id": ([init(), ask(_HELLO, {})], 4400, _ID),
    "no payload": (
        [init(), {"type": "subscribe", "id": "1"}],
        4400,
        "The request must be a JSON object with a",
    ),
    "a batch": ([init(), ask([_HELLO])], 4400, "Batches are not served: send one operation per request."),
    "a query that is no text": ([init(), ask({"query": {}})], 4400, "The request needs a 'query', a GraphQL"),
    "variables in text": ([init(), ask({**_HELLO, "variables": "{}"})], 4400, "'variables' must be a JSON"),
    "extensions in a list": (
        [init(), ask({**_HELLO, "extensions": []})],
        4400,
        "'extensions' must be a JSON",
    ),
    "a first message with a text": ([init(payload="t")], 4400, "A 'payload' must be an object"),
    "a ping with a number": ([{"type": "ping", "payload": 7}], 4400, "A 'payload' must be an object"),
    "a pong with a list": ([init(), {"type": "pong", "payload": []}], 4400, "A 'payload' must be an object"),
    "a long message": ([init(), "x" * 300_000], 1009, "A message may have 262144 characters"),
}
"""What is sent, the close code, and how the reason begins."""


async def said_to(served: Served, frames: Sequence[Frame]) -> tuple[int, str]:
    """Send frames; with which code and reason the server closes."""
    async with client(served) as own:
        for frame in frames:
            await own.socket.send(orjson.dumps(frame).decode() if isinstance(frame, dict) else frame)
        try:
            while True:
                await own.socket.recv()
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


async def test_every_misuse_gets_the_code_that_the_protocol_names() -> None:
    wrong = {}
    async with serving() as served:
        for name, (frames, code, reason) in MISUSES.items():
            heard = await said_to(served, frames)
            if heard[0] != code or not heard[1].startswith(reason) or not reason:
                wrong[name] = heard
    assert wrong == {}
    assert served.faults == []


_TEXT, _FINAL = 0x01, 0x80


def frame_of(first: int, payload: bytes, *, masked: bool = True) -> bytes:
    """A frame by hand, masked with zeros; its payload is shorter than 126 bytes."""
    return bytes([first, (0x80 if masked else 0) | len(payload)]) + (bytes(4) if masked else b"") + payload


@pytest.mark.parametrize(
    ("frame", "code"),
    [(frame_of(_FINAL | _TEXT, b"\xff\xfe"), 1007), (frame_of(_FINAL | 0x03, b"x"), 1002),
     (frame_of(_FINAL | _TEXT, b"{}", masked=False), 1002), (frame_of(_FINAL, b"x"), 1002),
     (frame_of(_FINAL | _TEXT | 0x40, b"{}"), 1002)],
    ids=["text that is not UTF-8", "a reserved kind", "no mask", "an end of nothing", "an extension of none"],
)  # fmt: skip
async def test_what_is_no_websocket_frame_gets_the_code_of_websockets(frame: bytes, code: int) -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        own.socket.transport.write(frame)
        assert await own.closing() == code
    assert served.faults == []


async def test_a_message_in_pieces_is_one_message_and_one_of_over_a_megabyte_is_1009() -> None:
    async with serving() as served, client(served) as own:
        await own.socket.send(['{"type":"conn', "ection_", 'init"}'])
        assert await own.hear() == {"type": "connection_ack"}
        await own.socket.send("x" * 1_500_000)
        assert await own.closing() == 1009


async def test_a_gateway_that_breaks_is_4500_and_a_masked_fault() -> None:
    async with serving() as served, client(served) as own:
        served.gateway.broken = True
        await own.say(kind="connection_init")
        with pytest.raises(ConnectionClosed) as closed:
            await own.socket.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4500, "Internal error")
    assert len(served.faults) == 1


async def test_a_client_that_closes_gets_its_own_code_back() -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        await own.subscribe("1", **_ENDLESS)
        await own.socket.close(1000, "done")
        assert own.socket.close_code == 1000
    assert served.gateway.words in ([], ["source closed"])


async def test_what_the_protocol_lets_a_client_do_closes_nothing() -> None:
    async with serving() as served, client(served) as own:
        for message in (
            {"kind": "pong", "payload": None},
            {"kind": "complete", "id": "never"},
            {"kind": "ping"},
        ):
            await own.say(**message)
        assert await own.hear() == {"type": "pong"}
        await own.begin({})
        await own.subscribe("1", "{ nope }", variables=None, operationName=None, extensions=None)
        message = await own.hear()
        assert (message["id"], message["type"]) == ("1", "error")
        # No `complete` follows an `error`, and the id is free.
        await own.subscribe("1", "{ hello }")
        assert [(await own.hear())["type"] for _ in range(2)] == ["next", "complete"]
        await own.say(kind="complete", id="1")
        await own.subscribe('订阅 "1"\n', "{ hello }")
        assert [(await own.hear())["id"] for _ in range(2)] == ['订阅 "1"\n'] * 2
        await own.say(kind="ping", payload={"deep": [{"er": None}]}, extra="passed over")
        assert await own.hear() == {"type": "pong", "payload": {"deep": [{"er": None}]}}
    assert served.faults == []
