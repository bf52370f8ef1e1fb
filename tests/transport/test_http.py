"""GraphQL over HTTP: methods, media types, status codes, bodies."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from resolvers.http.settings import HttpLimits
from tests.transport.serving import Response, Served, request

_JSON = "application/json"
_GRAPHQL = "application/graphql-response+json"


async def ask(served: Served, value: object, accept: str = _GRAPHQL, **headers: Any) -> Response:
    return await request(served, body=orjson.dumps(value), content_type=_JSON, accept=accept, **headers)


def code_of(response: Response) -> str:
    value = orjson.loads(response.body)
    assert "data" not in value
    code: str = value["errors"][0]["extensions"]["code"]
    assert value["errors"][0]["message"]
    return code


async def test_a_query_is_answered_in_the_media_type_that_was_asked_for() -> None:
    served = Served()
    for accept, media in ((_GRAPHQL, _GRAPHQL), (_JSON, _JSON), ("*/*", _JSON), ("", _JSON)):
        response = await ask(served, {"query": "{ hello }"}, accept, authorization="Bearer me")
        assert response.status == 200
        assert response.headers["content-type"] == f"{media}; charset=utf-8"
        assert response.headers["x-request-id"] == "r-7"
        assert orjson.loads(response.body)["data"] == {"hello": "hello world"}
    assert served.gateway.closed == ["me"] * 4


async def test_get_runs_queries_and_never_mutations() -> None:
    served = Served()
    query = urlencode(
        {"query": "query A($n: String) { hello(name: $n) }", "variables": '{"n":"you"}'}
    ).encode()
    response = await request(served, "GET", query=query, accept=_JSON)
    assert orjson.loads(response.body)["data"] == {"hello": "hello you"}
    for accept in (_JSON, _GRAPHQL):
        query = urlencode({"query": 'mutation { record(word: "x") }'}).encode()
        response = await request(served, "GET", query=query, accept=accept)
        assert (response.status, response.headers["allow"]) == (405, "POST, OPTIONS")
        assert code_of(response) == "METHOD_NOT_ALLOWED"
    assert served.gateway.words == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_are_told_what_is_allowed(method: str) -> None:
    response = await request(Served(), method)
    assert (response.status, response.headers["allow"]) == (405, "GET, POST, OPTIONS")


async def test_options_says_what_is_allowed() -> None:
    response = await request(Served(), "OPTIONS")
    assert (response.status, response.headers["allow"]) == (204, "GET, POST, OPTIONS")


async def test_an_accept_that_nothing_meets_is_406() -> None:
    response = await ask(Served(), {"query": "{ hello }"}, "image/png")
    assert (response.status, code_of(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "headers",
    [{}, {"content_type": "text/plain"}, {"content_type": "application/x-www-form-urlencoded"},
     {"content_type": "application/json; charset=utf-16"}, {"content_type": ";;;"},
     {"content_type": _JSON, "content_encoding": "gzip"}],
)  # fmt: skip
async def test_a_body_of_another_kind_is_415(headers: dict[str, Any]) -> None:
    response = await request(Served(), body=b'{"query":"{ hello }"}', **headers)
    assert (response.status, code_of(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("kind", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
async def test_utf_8_may_be_said(kind: str) -> None:
    body = '{"query":"{ hello(name: \\"世界\\") }"}'.encode()
    response = await request(Served(), body=b"\xef\xbb\xbf" + body, content_type=kind)
    assert orjson.loads(response.body)["data"] == {"hello": "hello 世界"}


async def test_a_body_over_the_limit_is_413() -> None:
    served = Served(http=HttpLimits(max_body_bytes=100))
    for pieces in ([b" " * 101], [b" " * 60] * 3):
        response = await request(served, body=pieces, content_type=_JSON)
        assert (response.status, code_of(response)) == (413, "PAYLOAD_TOO_LARGE")
    response = await request(served, body=b" " * 101, content_type=_JSON, content_length="101")
    assert (response.status, response.headers["connection"]) == (413, "close")


@pytest.mark.parametrize(
    "value",
    [{"query": "{"}, {"query": "{ nope }"}, {"query": "query($v: Int!) { number(value: $v) }"},
     {"query": "query A { hello } query B { hello }"}, {"query": "{ " + "hello " * 40 + "}"}],
)  # fmt: skip
async def test_a_wrong_document_is_400_or_200_by_media_type(value: dict[str, str]) -> None:
    served = Served()
    strict, lenient = await ask(served, value), await ask(served, value, _JSON)
    assert (strict.status, lenient.status) == (400, 200)
    assert code_of(strict) == code_of(lenient)


async def test_field_errors_are_200_with_data() -> None:
    served = Served()
    response = await ask(served, {"query": "{ hello fails }"})
    assert response.status == 200
    assert orjson.loads(response.body)["data"] == {"hello": "hello world", "fails": None}
    assert len(served.faults) == 1


async def test_a_wrong_token_is_401_and_a_rate_limit_429() -> None:
    response = await ask(Served(), {"query": "{ hello }"}, _JSON, authorization="Bearer wrong")
    assert (response.status, code_of(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == "Bearer"
    response = await ask(Served(), {"query": "{ hello }"}, _JSON, authorization="Bearer greedy")
    assert (response.status, response.headers["retry-after"]) == (429, "1")


async def test_a_subscription_needs_a_stream() -> None:
    response = await ask(Served(), {"query": "subscription { count(to: 1) }"}, _JSON)
    assert (response.status, code_of(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    "query",
    [b"", b"query=%ff", b"query=%7Bhello%7D&query=%7Bhello%7D", b"query=%7Bhello%7D&variables=nope",
     b"query=%7Bhello%7D&variables=%5B1%5D", b"query=%00", b"\xff", b"query=%7Bhello%7D&extensions=1",
     b"&".join(b"a%d=1" % n for n in range(99))],
)  # fmt: skip
async def test_a_wrong_query_string_is_400(query: bytes) -> None:
    response = await request(Served(), "GET", query=query)
    assert response.status == 400
    assert code_of(response) == "BAD_REQUEST"


async def test_a_gateway_that_breaks_is_a_masked_fault() -> None:
    served = Served()
    served.gateway.broken = True
    response = await ask(served, {"query": "{ hello }"})
    assert (response.status, code_of(response)) == (500, "INTERNAL")
    assert b"canary" not in response.body
    assert len(served.faults) == 1


def _malformed(chance: random.Random) -> bytes:
    good = orjson.dumps(
        {"query": "query($v: JSON!) { json(value: $v) }", "variables": {"v": [1, {"a": "b"}]}}
    )
    kind = chance.randrange(9)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:  # a byte changed to one that no JSON text may have there
        at = chance.randrange(len(good))
        return good[:at] + bytes([chance.choice([0, 0x80, 0xC0, 0xFE, 0xFF])]) + good[at + 1 :]
    if kind == 2:
        return good[: chance.randrange(len(good))]
    if kind == 3:
        return chance.choice([b"[", b"{", b'{"a":', b"[{"]) * chance.randrange(1_000, 20_000)
    if kind == 4:
        query: Any = chance.choice([None, 1, [], True, {}, "", "{", "query", "{ nope }", "\ufffe"])
        return orjson.dumps({"query": query})
    if kind == 5:
        wrong: Any = chance.choice([1, "x", [], True, [None]])
        return orjson.dumps({"query": "{ hello }", chance.choice(["variables", "extensions"]): wrong})
    if kind == 6:
        number = chance.choice([b"1e999", b"-1e999", b"NaN", b"Infinity", b"9" * 400, b"0x10", b"01", b"1."])
        return b'{"query":"query($v: Int!) { number(value: $v) }","variables":{"v":' + number + b"}}"
    if kind == 7:
        text = chance.choice([b"\\ud800", b"\\udc00", b"a\\u0000", b"\x00", b"\xed\xa0\x80", b"\\x41"])
        return b'{"query":"query($v: String!) { hello(name: $v) }","variables":{"v":"' + text + b'"}}'
    return orjson.dumps([{"query": "{ hello }"}] * chance.randrange(3))


async def test_three_hundred_malformed_bodies_are_refused_and_none_is_a_fault() -> None:
    served, chance = Served(), random.Random(20261122)
    for _ in range(300):
        body = _malformed(chance)
        response = await request(served, body=body, content_type=_JSON, accept=_GRAPHQL)
        assert 400 <= response.status < 500, body[:200]
        assert code_of(response)
    assert served.faults == []
