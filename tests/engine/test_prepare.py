"""What the engine refuses before it executes anything."""

from __future__ import annotations

from typing import Any

import pytest

from schema.engine.limits import DocumentLimits
from schema.engine.refused import RequestRefused
from schema.engine.requests import GraphQLRequest, parse_json, read_request
from tests.engine.tiny import CODEC, engine


def refused(query: str, limits: DocumentLimits | None = None, **options: Any) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        engine(limits).prepare(GraphQLRequest(query, **options))
    for error in caught.value.errors:
        assert error["message"]
        assert error["extensions"]["code"]
    assert caught.value.status == 400
    return caught.value


def test_a_document_that_does_not_parse_says_where() -> None:
    error = refused("{ hello").errors[0]
    assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert error["locations"] == [{"line": 1, "column": 8}]


def test_an_unknown_field_fails_validation() -> None:
    assert refused("{ nope }").code == "GRAPHQL_VALIDATION_FAILED"


def test_a_variable_of_the_wrong_type_is_bad_input() -> None:
    wrong = refused("query($v: Int!) { number(value: $v) }", variables={"v": "one"})
    assert wrong.code == "BAD_USER_INPUT"
    assert refused("query($v: Int!) { number(value: $v) }").code == "BAD_USER_INPUT"
    huge = refused("query($v: Int!) { number(value: $v) }", variables={"v": 2**40})
    assert huge.code == "BAD_USER_INPUT"


def test_two_operations_need_a_name() -> None:
    two = "query A { hello } query B { item { name } }"
    assert "operationName" in refused(two).errors[0]["message"]
    assert "A, B" in refused(two, operation_name="C").errors[0]["message"]
    assert engine().prepare(GraphQLRequest(two, "B")).operation.name == "B"


def test_a_document_without_an_operation_is_refused() -> None:
    assert refused("fragment A on Query { hello }").code in ("BAD_REQUEST", "GRAPHQL_VALIDATION_FAILED")
    assert refused("").code == "GRAPHQL_PARSE_FAILED"


def test_introspection_is_a_setting() -> None:
    closed = engine(introspection=False)
    with pytest.raises(RequestRefused) as caught:
        closed.prepare(GraphQLRequest("{ __schema { queryType { name } } }"))
    assert caught.value.code == "GRAPHQL_VALIDATION_FAILED"
    with pytest.raises(RequestRefused) as caught:
        closed.prepare(GraphQLRequest("{ helo }"))
    assert "hello" not in caught.value.errors[0]["message"]
    assert engine().prepare(GraphQLRequest("{ __schema { queryType { name } } }")).kind == "query"


@pytest.mark.parametrize(
    ("code", "query", "limits"),
    [
        ("TOO_MANY_TOKENS", "{ " + "hello " * 30 + "}", DocumentLimits(max_tokens=20)),
        ("TOO_MANY_TOKENS", "{ hello }" + "#c\n" * 30, DocumentLimits(max_tokens=20)),
        ("DOCUMENT_TOO_LONG", "{ hello }" + " " * 100, DocumentLimits(max_length=100)),
        ("TOO_DEEP", "{ item { inner { inner { name } } } }", DocumentLimits(max_depth=3)),
        ("TOO_DEEP", "{ ...A } fragment A on Query { item { inner { name } } }", DocumentLimits(max_depth=2)),
        ("TOO_MANY_ALIASES", "{ a: hello b: hello c: hello }", DocumentLimits(max_aliases=2)),
        ("TOO_MANY_ROOT_FIELDS", "{ hello who item { name } }", DocumentLimits(max_root_fields=2)),
        ("TOO_MANY_FIELDS", "{ " + "hello " * 31 + "}", None),
        ("TOO_MANY_FRAGMENTS", "{ ...A ...B } fragment A on Query { hello } fragment B on Query { hello }",
         DocumentLimits(max_fragments=1)),
        ("COST_LIMITED", "{ items(first: 100) { edges { node { name } } } }", DocumentLimits(max_cost=100)),
    ],
)  # fmt: skip
def test_a_limit_is_named_with_what_to_do(code: str, query: str, limits: DocumentLimits | None) -> None:
    error = refused(query, limits).errors[0]
    assert error["extensions"]["code"] == code
    assert error["extensions"]["limit"] > 0
    assert any(word in error["message"] for word in ("split", "ask for", "write it once"))


def test_a_document_is_made_ready_once_and_the_cache_is_bounded() -> None:
    served = engine(DocumentLimits(cached_documents=3))
    first = served.prepare(GraphQLRequest("{ hello }")).document
    assert served.prepare(GraphQLRequest("{ hello }")).document is first
    for n in range(10):
        served.prepare(GraphQLRequest(f"{{ a{n}: hello }}"))
    assert len(served.documents) == 3
    assert served.prepare(GraphQLRequest("{ hello }")).document is not first


@pytest.mark.parametrize(
    "body",
    [b"", b"nope", b"[]", b"[{}]", b"1", b'"x"', b"null", b"{}", b'{"query": 1}', b'{"query": null}',
     b'{"query": "{a}", "variables": []}', b'{"query": "{a}", "variables": "x"}',
     b'{"query": "{a}", "extensions": 3}', b'{"query": "{a}", "operationName": {}}',
     b'{"query": "\xff"}', b'{"query": "\\ud800"}', b'{"query": "{a}", "variables": {"x": NaN}}',
     b'{"query": "{a}", "variables": {"x": 1e999}}', b'{"query": "{a}", "variables": {"x": "a\\u0000b"}}',
     b'{"query": "{a}", "variables": {"a\\u0000": 1}}',
     b"[" * 100_000, b'{"query": "{a}", "variables": {"x": ' + b"[" * 500 + b"]" * 500 + b"}}"],
)  # fmt: skip
def test_a_body_of_the_wrong_shape_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(RequestRefused) as caught:
        read_request(parse_json(CODEC, body))
    assert caught.value.code == "BAD_REQUEST"
    assert caught.value.status == 400


def test_a_backslash_before_u0000_is_text_and_wide_lists_are_not_deep() -> None:
    wide = (
        b'{"query": "{ hello }", "variables": {"x": ' + b"[" + b"{}," * 300 + b"{}]" + b', "y": "\\\\u0000"}}'
    )
    assert read_request(parse_json(CODEC, wide)).variables["y"] == "\\u0000"


def test_a_nul_in_a_literal_is_refused_however_it_is_written() -> None:
    assert refused('{ hello(name: "a\\u0000b") }').code == "BAD_REQUEST"
    assert refused('{ hello(name: "a\\u{0}b") }').code == "BAD_REQUEST"
    assert refused('{ hello(name: "a\x00b") }').code in ("BAD_REQUEST", "GRAPHQL_PARSE_FAILED")
    assert engine().prepare(GraphQLRequest('{ hello(name: "\\u00e9") }')).kind == "query"
