"""graphql-transport-ws against a real uvicorn, as well-behaved clients use it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from resolvers.site.framed import FramedSocket
from tests.transport.serving import PATIENCE_S, until
from tests.transport.sockets import PROTOCOL, client, serving


async def test_queries_mutations_and_subscriptions_run_over_one_socket() -> None:
    async with serving() as served, client(served, "graphql-ws", "graphql-transport-ws") as own:
        assert own.socket.subprotocol == PROTOCOL
        await own.begin()
        await own.subscribe("q", "query($n: String) { hello(name: $n) }", variables={"n": "you"})
        answer = await own.hear()
        assert (answer["id"], answer["type"], answer["payload"]["data"]) == (
            "q",
            "next",
            {"hello": "hello you"},
        )
        assert await own.hear() == {"id": "q", "type": "complete"}
        await own.subscribe("m", 'mutation A { record(word: "x") } query B { hello }', operationName="A")
        assert (await own.hear())["payload"]["data"] == {"record": "x"}
        assert (await own.hear())["type"] == "complete"
        await own.subscribe("q", "subscription { count(to: 2) }")
        heard = [await own.hear() for _ in range(3)]
        assert [m.get("payload") for m in heard] == [{"data": {"count": 1}}, {"data": {"count": 2}}, None]
        assert heard[-1] == {"id": "q", "type": "complete"}
    assert served.gateway.words == ["x", "source closed"]
    assert len(served.gateway.closed) == 4


@pytest.mark.parametrize(
    ("payload", "who"),
    [({"Authorization": "Bearer a1"}, "a1"), ({"authorization": "a2"}, "a2"), ({"token": "a3"}, "a3"),
     ({"accessToken": "bearer a4"}, "a4"), ({"headers": {"Authorization": "Bearer a5"}}, "a5"),
     ({}, "upgrade"), (None, "upgrade"), ({"token": " "}, "upgrade"),
     ({"Authorization": "Bearer "}, "upgrade"),
     ({"Authorization": "bearer", "token": "a6"}, "a6")],
)  # fmt: skip
async def test_the_token_comes_in_the_first_message_or_in_the_upgrade(payload: Any, who: str) -> None:
    async with serving() as served, client(served, authorization="Bearer upgrade") as own:
        await own.begin(payload)
        await own.subscribe("1", "{ who }")
        assert (await own.hear())["payload"]["data"] == {"who": who}


async def test_ping_is_answered_with_its_payload_before_and_after_the_start() -> None:
    async with serving() as served, client(served) as own:
        await own.say(kind="ping", payload={"n": 1})
        assert await own.hear() == {"type": "pong", "payload": {"n": 1}}
        await own.begin()
        await own.say(kind="ping")
        assert await own.hear() == {"type": "pong"}
        await own.say(kind="pong")
        await own.say(kind="complete", id="never started")
        await own.say(kind="ping", payload={})
        assert await own.hear() == {"type": "pong", "payload": {}}


async def test_a_revoked_token_ends_the_connection_at_the_next_operation() -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        served.gateway.revoked = True
        await own.subscribe("1", "{ hello }")
        assert await own.closing() == 4403


async def test_an_expired_token_ends_the_connection() -> None:
    async with serving(left_s=1) as served, client(served) as own:
        await own.begin()
        await own.subscribe("1", "subscription { count(to: 1000, every: 0.02) }")
        assert await own.closing() == 4403
    assert served.gateway.words == ["source closed"]


async def test_a_source_that_breaks_ends_with_a_masked_error() -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        await own.subscribe("1", "subscription { breaks }")
        assert (await own.hear())["payload"] == {"data": {"breaks": 1}}
        message = await own.hear()
        assert message["type"] == "error"
        assert message["payload"][0]["message"] == f"Internal error {served.faults[0].id}"


async def test_completing_a_subscription_closes_its_source() -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        await own.subscribe("1", "subscription { count(to: 100000) }")
        await own.hear()
        await own.say(kind="complete", id="1")
        await own.say(kind="ping", payload={"last": True})
        while await own.hear() != {"type": "pong", "payload": {"last": True}}:
            pass
        assert served.gateway.words == ["source closed"]
        await own.subscribe("1", "{ hello }")
        assert (await own.hear())["payload"]["data"] == {"hello": "hello world"}


PLAIN = "websockets-sansio"
"""The socket of an ASGI server that knows nothing of ours."""


@pytest.mark.parametrize("ws", [FramedSocket, PLAIN])
@pytest.mark.parametrize("size", [0, 1, 30, 125, 126, 65_535, 65_536, 200_000])
async def test_a_message_of_any_length_arrives_whole(ws: Any, size: int) -> None:
    name = ("会员" * size)[:size]
    async with serving(ws=ws) as served, client(served) as own:
        await own.begin()
        await own.subscribe("1", "query($n: String!) { hello(name: $n) }", variables={"n": name})
        assert (await own.hear())["payload"]["data"] == {"hello": f"hello {name}"}
        assert (await own.hear())["type"] == "complete"


async def test_a_client_that_answers_pings_stays() -> None:
    async with serving(ping_every_s=0.05) as served, client(served) as own:
        await own.begin()
        for _ in range(8):  # more rounds than a silent client gets
            assert orjson.loads(await asyncio.wait_for(own.socket.recv(), 5)) == {"type": "ping"}
            await own.say(kind="pong")


@pytest.mark.parametrize("ws", [FramedSocket, PLAIN])
async def test_a_client_that_does_not_read_holds_its_source_back(ws: Any) -> None:
    async with serving(ws=ws, queued_messages=4) as served, client(served) as own:
        await own.begin()
        own.socket.transport.pause_reading()
        filler = "x" * 20_000
        await own.subscribe(filler, "subscription { count(to: 100000) }")
        sent = -1
        while sent != len(served.gateway.sent):
            sent = len(served.gateway.sent)
            await asyncio.sleep(0.1)
        assert sent < 2_000
        own.socket.transport.abort()
        await until(lambda: served.gateway.words)
        assert served.gateway.words == ["source closed"]


async def test_a_mutation_whose_client_leaves_runs_to_its_end() -> None:
    async with serving() as served:
        async with client(served) as own:
            await own.begin()
            await own.subscribe("1", 'mutation { record(word: "kept", seconds: 0.1) }')
            await own.say(kind="ping")
            await own.hear()
        await until(lambda: len(served.gateway.closed) == 2)
        assert served.gateway.words == ["kept"]
        assert served.gateway.closed == ["nobody"] * 2


async def test_operations_are_bounded_for_each_connection() -> None:
    async with serving(max_operations=2) as served, client(served) as own:
        await own.begin()
        for id_ in ("1", "2", "3"):
            await own.subscribe(id_, "subscription { count(to: 1, every: 60) }")
        message = await own.hear()
        assert (message["id"], message["type"]) == ("3", "error")
        assert message["payload"][0]["extensions"] == {"code": "TOO_MANY_OPERATIONS", "limit": 2}


async def test_the_server_pings_and_lets_go_of_who_does_not_answer() -> None:
    async with serving(ping_every_s=0.5) as served, client(served) as own:
        await own.begin()
        assert orjson.loads(await asyncio.wait_for(own.socket.recv(), PATIENCE_S)) == {"type": "ping"}
        await own.say(kind="pong")
        assert await own.closing() == 4499


async def test_a_server_that_stops_says_1001() -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        await own.subscribe("1", "subscription { count(to: 1, every: 60) }")
        await own.say(kind="ping")
        await own.hear()
        await served.sockets.close()
        assert await own.closing() == 1001
    assert served.gateway.words == ["source closed"]
