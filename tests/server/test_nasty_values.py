"""Values that nobody should send, wherever the schema takes one: refused, or taken as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

import server
from tests.fixtures.served import ServedDemo
from tests.permissions.inputs import Verb, object_of

Path = tuple[str, ...]

SHOP = "gd-sz-mini01"
ACCEPT = "application/graphql-response+json"
HERE = "<here>"
HUGE = "9" * 400
TEXTS = [
    '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '""', '"   "', '"\\u202e\\u2066"', '"%_\\\\\'\\";--"', "1",
    '"' + "x" * 70_000 + '"', '"' + "中" * 300 + '"', '"\\uffff"', '"1e400"', '"NaN"', '"-1"', '"٣"',
]  # fmt: skip
NASTY: dict[str, list[str]] = {
    "String": TEXTS,
    "ID": [*TEXTS, '"ord_"', '"ord_' + "z" * 26 + '"', '"crd_01"', '"imp_' + "0" * 5_000 + '"'],
    "Int": [
        "-1", "0", "2147483647", "-2147483648", "2147483648", "9223372036854775808", "1e400", "1.5", '"1"',
        "true", HUGE,
    ],
    "Boolean": ['"true"', "1", "[]"],
    "DateTime": [
        '""', '"x"', '"0000-00-00T00:00:00Z"', '"9999-12-31T23:59:59-14:00"', "1e400", '"\\u0000"',
        '"0001-01-01T00:00:00+14:00"', '"10000-01-01T00:00:00Z"', '"2026-01-01"', "9223372036854775808",
        '"0001-01-01T00:00:00"', '"9999-12-31T23:59:59.999999"',
    ],
    "JSON": [
        "[" * 60 + "]" * 60, '{"a\\u0000": 1}', '{"a": "\\u0000"}', '{"\\ud800": 1}', HUGE, "1e400", "-0.0",
        '"x"', "[]", '{"phone": "\\uffff"}', '{"type": "object", "properties": 7}', '{"$ref": "#"}',
        '{"pattern": "(a+)+$"}', '{"pattern": "("}',
    ],
}  # fmt: skip
"""Scalar → values as they are written in JSON."""
WORDS = ['"NOPE"', "1", '"\\u0000"', '""']
"""Words that no enum has."""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The SDL that front ends get."""
    return build_schema(server.build_schema().as_str())


@pytest.fixture(scope="module")
def callers(demo: ServedDemo) -> dict[str, set[str]]:
    """Who may try the most, of each kind: token → permissions."""
    redeemer = next(one["token"] for one in demo.guide["apiTokens"] if one["scopes"] == ["cards:redeem"])
    storefront = demo.guide["storefrontTokens"][SHOP]
    tokens = [demo.sign_in("hq"), storefront, demo.customer("13812340000", SHOP), redeemer]
    asked = "{ viewer { permissions } }"
    return {token: set(demo.ask(asked, token)["viewer"]["permissions"]) for token in tokens}


def nasty(type_: Any) -> list[str]:
    """The values for a place of a type."""
    inner = get_named_type(type_)
    values = WORDS if isinstance(inner, GraphQLEnumType) else NASTY.get(inner.name, [])
    return [f"[{value}]" for value in values] if is_list_type(get_nullable_type(type_)) else values


def places(type_: GraphQLInputObjectType, above: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every place of an input where a scalar or a word stands, with each nasty value for it."""
    for name, field in type_.fields.items():
        inner, path = get_named_type(field.type), (*above, name)
        if isinstance(inner, GraphQLInputObjectType):
            yield from places(inner, path)
        else:
            yield from ((path, value) for value in nasty(field.type))


def inputs(type_: GraphQLInputObjectType) -> Iterator[str]:
    """Inputs that are in order but for one value."""
    for path, value in places(type_):
        text = orjson.dumps(object_of(type_, {path: HERE})).decode()
        yield text.replace(f'"{HERE}"', value)


def wrong(demo: ServedDemo, token: str, query: str, value: str) -> str | None:
    """What is wrong with the answer to a request, if anything."""
    body = b'{"query": %s, "variables": {"v": %s}}' % (orjson.dumps(query), value.encode("utf-8"))
    response = demo.call(body, token, accept=ACCEPT)
    answer = orjson.loads(response.body)
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    fault = response.status >= 500 or "INTERNAL" in codes
    turned_away = "UNAUTHENTICATED" in codes or "FORBIDDEN" in codes
    if fault or turned_away or (response.status >= 400 and not codes):
        return f"{query[:80]} {value[:200]}: {response.status} {response.body[:200]!r}"
    return None


def test_no_value_of_a_mutation_is_a_fault(
    demo: ServedDemo, schema: GraphQLSchema, callers: dict[str, set[str]]
) -> None:
    assert schema.mutation_type is not None
    problems: list[Any] = []
    for name, field in schema.mutation_type.fields.items():
        verb = Verb(name, field, schema)
        if verb.input is None or verb.uploads:
            continue
        query = f"mutation ($v: {field.args['input'].type}) {{ {name}(input: $v) {{ __typename }} }}"
        token = next(token for token, held in callers.items() if verb.permission in held | {None})
        problems += [wrong(demo, token, query, value) for value in inputs(verb.input)]
    assert [problem for problem in problems if problem] == []
    assert len(problems) > 1_000


def test_no_argument_of_a_query_is_a_fault(
    demo: ServedDemo, schema: GraphQLSchema, callers: dict[str, set[str]]
) -> None:
    assert schema.query_type is not None
    problems: list[Any] = []
    for name, field in schema.query_type.fields.items():
        permission = Verb(name, field, schema).permission
        for key, said in field.args.items():
            inner = get_named_type(said.type)
            values = inputs(inner) if isinstance(inner, GraphQLInputObjectType) else nasty(said.type)
            query = f"query ($v: {said.type}) {{ {name}({key}: $v) {{ __typename }} }}"
            able = [token for token, held in callers.items() if permission in held | {None}]
            problems += [wrong(demo, token, query, value) for value in values for token in able]
    assert [problem for problem in problems if problem] == []
    assert len(problems) > 500


@pytest.mark.parametrize("name", ["purchasePrice", "priceTrace"])
def test_no_argument_of_a_field_is_a_fault(demo: ServedDemo, callers: dict[str, set[str]], name: str) -> None:
    query = f'query ($v: String) {{ variant(sku: "MGTV-1M") {{ {name}(channel: $v) {{ __typename }} }} }}'
    assert [found for value in TEXTS if (found := wrong(demo, next(iter(callers)), query, value))] == []
