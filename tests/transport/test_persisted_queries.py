"""Automatic persisted queries as Apollo's protocol has them, over every transport."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from schema.engine.limits import DocumentLimits
from schema.engine.persisted import PersistedTexts
from tests.transport.serving import Response, Served, request
from tests.transport.sockets import client, serving

_GRAPHQL = "application/graphql-response+json"
_HELLO = "query ($n: String) { hello(name: $n) }"


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def named(text: str, **more: Any) -> dict[str, Any]:
    """A request that says the hash of a document only."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}, **more}


async def post(served: Served, value: dict[str, Any], accept: str = _GRAPHQL) -> Response:
    return await request(served, body=orjson.dumps(value), content_type="application/json", accept=accept)


def code_of(response: Response) -> tuple[int, str]:
    value = orjson.loads(response.body)
    assert "data" not in value
    return response.status, value["errors"][0]["extensions"]["code"]


async def test_a_document_is_sent_once_and_named_by_its_hash_from_then_on() -> None:
    served = Served()
    response = await post(served, named(_HELLO))
    assert response.status == 200
    assert orjson.loads(response.body) == {
        "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
    }
    told = [named(_HELLO, query=_HELLO), named(_HELLO), named(_HELLO, variables={"n": "you"})]
    answers = [orjson.loads((await post(served, value)).body)["data"]["hello"] for value in told]
    assert answers == ["hello world", "hello world", "hello you"]


async def test_get_names_documents_too_and_still_runs_no_mutation() -> None:
    served = Served()
    change = 'mutation { record(word: "x") }'
    assert (await post(served, named(_HELLO, query=_HELLO))).status == 200
    assert (await post(served, named(change, query=change))).status == 200
    said = urlencode({"extensions": orjson.dumps(named(_HELLO)["extensions"]), "variables": '{"n":"you"}'})
    response = await request(served, "GET", query=said.encode(), accept=_GRAPHQL)
    assert orjson.loads(response.body)["data"] == {"hello": "hello you"}
    said = urlencode({"extensions": orjson.dumps(named(change)["extensions"])})
    response = await request(served, "GET", query=said.encode(), accept=_GRAPHQL)
    assert code_of(response) == (405, "METHOD_NOT_ALLOWED")
    assert served.gateway.words == ["x"]


async def test_another_process_asks_for_the_document_again() -> None:
    one, other = Served(), Served()
    await post(one, named(_HELLO, query=_HELLO))
    assert code_of(await post(other, named(_HELLO))) == (200, "PERSISTED_QUERY_NOT_FOUND")
    await post(other, named(_HELLO, query=_HELLO))
    assert orjson.loads((await post(other, named(_HELLO))).body)["data"] == {"hello": "hello world"}


async def test_a_hash_of_another_document_is_refused_and_not_remembered() -> None:
    served = Served()
    wrong = named("{ hello }", query=_HELLO)
    assert code_of(await post(served, wrong)) == (400, "PERSISTED_QUERY_HASH_MISMATCH")
    assert code_of(await post(served, named("{ hello }"))) == (200, "PERSISTED_QUERY_NOT_FOUND")


@pytest.mark.parametrize("text", ["{ nope }", "{", "query A { hello }" * 1_000])
async def test_what_could_not_be_run_is_not_remembered(text: str) -> None:
    served = Served()
    assert code_of(await post(served, named(text, query=text)))[0] == 400
    assert code_of(await post(served, named(text))) == (200, "PERSISTED_QUERY_NOT_FOUND")


@pytest.mark.parametrize(
    "said",
    [{}, 1, "x", [], {"version": 2, "sha256Hash": hash_of(_HELLO)}, {"sha256Hash": hash_of(_HELLO)},
     {"version": 1}, {"version": 1, "sha256Hash": 7}, {"version": 1, "sha256Hash": "abc"},
     {"version": 1, "sha256Hash": hash_of(_HELLO) + "\n"}],
)  # fmt: skip
async def test_a_hash_that_is_none_is_400(said: Any) -> None:
    for value in ({}, {"query": _HELLO}):
        response = await post(Served(), {**value, "extensions": {"persistedQuery": said}})
        assert code_of(response) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("said", [1, "", [], {}, "a b", "名", "x" * 201])
async def test_a_name_that_is_none_is_400_and_an_unknown_one_says_what_to_do(said: Any) -> None:
    assert code_of(await post(Served(), {"documentId": said})) == (400, "BAD_REQUEST")
    response = await post(Served(), {"documentId": "unknown"})
    assert code_of(response) == (400, "DOCUMENT_NOT_FOUND")
    assert "send its text in 'query'" in orjson.loads(response.body)["errors"][0]["message"]


async def test_persisted_queries_can_be_turned_off() -> None:
    served = Served(documents=DocumentLimits(persisted_queries=0))
    answer = orjson.loads((await post(served, named(_HELLO, query=_HELLO))).body)
    assert answer["data"] == {"hello": "hello world"}
    response = await post(served, named(_HELLO))
    assert code_of(response) == (200, "PERSISTED_QUERY_NOT_SUPPORTED")
    assert orjson.loads(response.body)["errors"][0]["message"] == "PersistedQueryNotSupported"


async def test_sockets_name_documents_too() -> None:
    async with serving() as served, client(served) as own:
        await own.begin()
        for _ in range(2):
            await own.say(kind="subscribe", id="1", payload=named(_HELLO))
            message = await own.hear()
            assert (message["type"], message["payload"][0]["message"]) == ("error", "PersistedQueryNotFound")
        await own.subscribe("1", _HELLO, **named(_HELLO))
        assert [(await own.hear())["type"] for _ in range(2)] == ["next", "complete"]
        await own.say(kind="subscribe", id="1", payload=named(_HELLO, variables={"n": "you"}))
        assert (await own.hear())["payload"]["data"] == {"hello": "hello you"}


async def test_streams_name_documents_too() -> None:
    served = Served()
    response = await post(served, named(_HELLO), "text/event-stream")
    assert (response.status, response.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert response.body.startswith(b'event: next\ndata: {"errors":[{"message":"PersistedQueryNotFound"')
    await post(served, named(_HELLO, query=_HELLO))
    response = await post(served, named(_HELLO), "text/event-stream")
    assert b'data: {"data":{"hello":"hello world"}' in response.body


def test_what_was_used_least_recently_is_forgotten_first() -> None:
    texts = PersistedTexts(most=2, most_chars=10)
    texts.add("a", "1234")
    texts.add("b", "5678")
    assert texts.get("a") == "1234"
    texts.add("c", "x")
    assert [texts.get(id_) for id_ in "abc"] == ["1234", None, "x"]
    texts.add("d", "123456789")
    assert [texts.get(id_) for id_ in "acd"] == [None, "x", "123456789"]
    texts.add("e", "x" * 11)
    assert [texts.get(id_) for id_ in "cde"] == [None] * 3
    texts.add("f", "0123456789")
    assert texts.get("f") == "0123456789"
