"""Execution: answers, masked faults, mapped domain errors, subscriptions that end."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import strawberry

from schema.engine.engine import Engine
from schema.engine.faults import Fault
from schema.engine.refused import RequestRefused
from schema.engine.requests import GraphQLRequest
from tests.engine.tiny import CODEC, SECRET, engine
from tests.subscriptions.listening import Listener, serve


def context() -> Any:
    return SimpleNamespace(who="me", request_id="r-1", words=[], sent=[])


async def answer_of(query: str, faults: list[Fault] | None = None, **variables: object) -> dict[str, Any]:
    served = engine(faults=faults)
    answer = await served.execute(served.prepare(GraphQLRequest(query, variables=variables)), context())
    value: dict[str, Any] = orjson.loads(answer.body)
    assert value.get("data") == answer.data
    return value


async def test_data_and_cost_come_back() -> None:
    value = await answer_of("query($n: String!) { hello(name: $n) }", n="you")
    assert value == {
        "data": {"hello": "hello you"},
        "extensions": {"cost": {"requested": 1, "limit": 10_000}},
    }


async def test_a_fault_is_masked_and_reported_with_its_id() -> None:
    faults: list[Fault] = []
    value = await answer_of("{ hello fails }", faults)
    assert value["data"] == {"hello": "hello world", "fails": None}
    error = value["errors"][0]
    assert error["message"] == f"Internal error {faults[0].id}"
    assert error["extensions"] == {"code": "INTERNAL"}
    assert error["path"] == ["fails"]
    assert faults[0].kind == "builtins.ValueError"
    assert faults[0].request_id == "r-1"
    assert SECRET not in repr(value) + faults[0].kind + "".join(faults[0].frames)
    assert any("tiny.py" in frame for frame in faults[0].frames)


async def test_the_same_fault_at_two_places_is_reported_once() -> None:
    faults: list[Fault] = []
    value = await answer_of("{ fails again: fails }", faults)
    assert len(value["errors"]) == 2
    assert len(faults) == 1


async def test_a_domain_error_keeps_its_code_and_text() -> None:
    faults: list[Fault] = []
    error = (await answer_of("{ forbidden }", faults))["errors"][0]
    assert error["message"] == "needs the permission x"
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["path"] == ["forbidden"]
    assert faults == []


async def test_what_graphql_cannot_say_is_a_fault_of_ours() -> None:
    faults: list[Fault] = []
    value = await answer_of("{ tooBig }", faults)
    assert value["data"] == {"tooBig": None}
    assert value["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert len(faults) == 1


async def test_a_subscription_yields_and_closes_its_source() -> None:
    own, listener = context(), Listener()
    await serve(engine(), "subscription { count(to: 3) }", own, listener)
    assert [payload.body for payload in listener.payloads] == [
        b'{"data":{"count":%d}}' % n for n in (1, 2, 3)
    ]
    assert own.words == ["source closed"]


async def test_leaving_a_subscription_closes_its_source() -> None:
    own, listener = context(), Listener(pause_s=60)
    subscribed = asyncio.create_task(serve(engine(), "subscription { count(to: 9) }", own, listener))
    async with asyncio.timeout(20):
        while not own.sent:
            await asyncio.sleep(0)
    subscribed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await subscribed
    assert (own.sent, own.words) == ([1], ["source closed"])


async def test_a_source_that_breaks_ends_with_a_masked_failure() -> None:
    faults: list[Fault] = []
    listener = Listener()
    with pytest.raises(RequestRefused) as last:
        await serve(engine(faults=faults), "subscription { breaks }", context(), listener)
    assert listener.answers == [{"data": {"breaks": 1}}]
    assert last.value.errors == [
        {"message": f"Internal error {faults[0].id}", "extensions": {"code": "INTERNAL"}}
    ]


async def test_a_subscription_that_may_not_start_ends_with_the_code() -> None:
    listener = Listener()
    with pytest.raises(RequestRefused) as last:
        await serve(engine(), "subscription { denied }", context(), listener)
    assert (last.value.code, listener.answers) == ("FORBIDDEN", [])


async def test_a_subscription_whose_resolver_refuses_does_not_start() -> None:
    @strawberry.type
    class Query:
        x: int = 1

    async def nothing() -> Any:
        raise PermissionError

    @strawberry.type
    class Subscription:
        tick: int = strawberry.subscription(resolver=nothing, graphql_type=int)

    served = Engine(strawberry.Schema(Query, subscription=Subscription), codec=CODEC, on_fault=lambda _: None)
    with pytest.raises(RequestRefused) as caught:
        await served.open(served.prepare(GraphQLRequest("subscription { tick }")), context())
    assert caught.value.status == 500
    assert caught.value.code == "INTERNAL"


def test_a_schema_with_extensions_that_would_not_run_is_refused() -> None:
    @strawberry.type
    class Query:
        x: int = 1

    from strawberry.extensions import MaskErrors

    with pytest.raises(ValueError, match="extensions"):
        Engine(strawberry.Schema(Query, extensions=[MaskErrors]), codec=CODEC)
