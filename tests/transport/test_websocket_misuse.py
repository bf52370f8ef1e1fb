"""Every misuse of graphql-transport-ws ends with the close code that the protocol names, never with none."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect

from tests.transport.sockets import Client, client, serving


@pytest.mark.parametrize("protocols", [("graphql-ws",), ("soap",)])
async def test_another_subprotocol_is_4406(protocols: tuple[str, ...]) -> None:
    async with serving() as served, client(served, *protocols) as own:
        assert await own.closing() == 4406


async def test_no_subprotocol_is_4406() -> None:
    async with serving() as served, connect(served.socket_url) as socket:
        assert await Client(socket).closing() == 4406


async def test_no_first_message_is_4408() -> None:
    async with serving(init_timeout_s=0.05) as served, client(served) as own:
        assert await own.closing() == 4408


async def test_a_second_first_message_is_4429() -> None:
    async with serving() as served, client(served) as own:
        await own.say(kind="connection_init")
        await own.say(kind="connection_init")
        assert await own.closing() == 4429


async def test_an_operation_before_the_acknowledgement_is_4401() -> None:
    async with serving() as served, client(served) as own:
        await own.subscribe("1", "{ hello }")
        assert await own.closing() == 4401


async def test_a_refused_token_is_4403() -> None:
    async with serving() as served, client(served) as own:
        await own.say(kind="connection_init", payload={"token": "wrong"})
        assert await own.closing() == 4403


async def test_an_id_in_use_is_4409_and_free_again_afterwards() -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        await own.subscribe("1", "{ hello }")
        assert [(await own.hear())["type"] for _ in range(2)] == ["next", "complete"]
        await own.subscribe("1", "subscription { count(to: 1000, every: 0.05) }")
        await own.hear()
        await own.subscribe("1", "{ hello }")
        assert await own.closing() == 4409


@pytest.mark.parametrize(
    "text",
    ["", "nope", "[]", "1", "null", '"x"', "{}", '{"type":1}', '{"type":"start","id":"1"}',
     '{"type":"next","id":"1"}',
     '{"type":"connection_init","payload":[]}', '{"type":"ping","payload":"x"}', '{"type":"subscribe"}',
     '{"type":"subscribe","id":1,"payload":{"query":"{ hello }"}}', '{"type":"complete"}',
     '{"type":"subscribe","id":"","payload":{"query":"{ hello }"}}', '{"type":"subscribe","id":"1"}',
     '{"type":"subscribe","id":"1","payload":{}}', '{"type":"subscribe","id":"1","payload":{"query":1}}',
     '{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":[]}}',
     '{"type":"subscribe","id":"1","payload":{"query":"{ hello }","operationName":1}}',
     '{"type":"ping","payload":{"x":"a\\u0000"}}', "[" * 9_000],
)  # fmt: skip
async def test_a_malformed_message_is_4400(text: str) -> None:
    async with serving() as served, client(served) as own:
        await own.begin() if "connection_init" not in text else None
        await own.socket.send(text)
        assert await own.closing() == 4400
    assert served.faults == []


async def test_a_binary_frame_is_4400_and_a_long_one_1009() -> None:
    async with serving(max_message_chars=1_000) as served:
        async with client(served) as own:
            await own.socket.send(b'{"type":"connection_init"}')
            assert await own.closing() == 4400
        async with client(served) as own:
            await own.begin()
            await own.socket.send("x" * 1_001)
            assert await own.closing() == 1009


@pytest.mark.parametrize(
    ("query", "code"),
    [("{", "GRAPHQL_PARSE_FAILED"), ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
     ("query($v: Int!) { number(value: $v) }", "BAD_USER_INPUT"), ("subscription { denied }", "FORBIDDEN"),
     ("query A { hello } query B { hello }", "BAD_REQUEST")],
)  # fmt: skip
async def test_a_refused_operation_is_an_error_message_and_frees_its_id(query: str, code: str) -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        for _ in range(2):
            await own.subscribe("1", query)
            message = await own.hear()
            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["extensions"]["code"] == code


async def test_two_hundred_random_messages_never_end_without_a_code() -> None:
    chance = random.Random(20261122)
    async with serving() as served:
        for _ in range(200):
            async with client(served) as own:
                await own.begin()
                value: Any = {
                    "id": chance.choice(["1", "", 1, None]),
                    "payload": chance.choice([{}, [], None, 7]),
                    "type": chance.choice(["subscribe", "next", "ping", 3, None, "connection_init"]),
                }
                text = orjson.dumps(value).decode()[: chance.choice([5, 20, 1_000])]
                frames: list[str | bytes] = [text, text[::-1], text.encode()]
                await own.socket.send(chance.choice(frames))
                await own.say(kind="connection_init")
                assert await own.closing() in (4400, 4429)
    assert served.faults == []
