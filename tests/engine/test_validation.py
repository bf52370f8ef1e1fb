"""Validation within a bound finds what graphql-core finds, and gives up where graphql-core goes on."""

from __future__ import annotations

import asyncio
import random
import re
from types import SimpleNamespace

import orjson
import pytest
from graphql import (
    GraphQLError,
    Source,
    build_schema,
    get_introspection_query,
    parse,
    specified_rules,
    validate,
)

from schema.engine.engine import Engine
from schema.engine.limits import DocumentLimits
from schema.engine.reading import Text
from schema.engine.refused import RequestRefused
from schema.engine.requests import MAX_VALUES, GraphQLRequest, parse_json
from schema.engine.validation import Effort, Validation
from schema.engine.variables import coerced
from tests.engine import toy
from tests.engine.documents import DocumentMaker
from tests.engine.test_compiled_fuzz import WORDS
from tests.engine.tiny import CODEC, SCHEMA, engine

_TOKEN = re.compile(r'"[^"]*"|\.\.\.|\w+|[^\s\w]')
_WHOLE = Effort(errors=1_000, errors_of_literal=1_000, literal=100_000, suggestions=1_000)


def refused(query: str, limits: DocumentLimits | None = None, **variables: object) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        engine(limits).prepare(GraphQLRequest(query, variables=variables))
    return caught.value


def found(validation: Validation, text: str) -> list[tuple[str, object]]:
    try:
        validation.check(parse(Text(text)))
    except RequestRefused as refused:
        return [(str(error["message"]), error.get("locations")) for error in refused.errors]
    return []


def broken(text: str, chance: random.Random) -> str:
    """A document with a few of its words changed for others of it."""
    words = _TOKEN.findall(text)
    names = [at for at, word in enumerate(words) if word[0].isalpha()]
    for _ in range(chance.randint(1, 4)):
        at = chance.choice(names)
        words[at] = words[chance.choice(names)] if chance.random() < 0.7 else "nothing"
    return " ".join(words)


def test_it_finds_what_graphql_core_finds_in_documents_that_are_wrong_in_random_ways() -> None:
    chance = random.Random(20261128)
    maker = DocumentMaker(toy.SCHEMA._schema, chance, WORDS, depth=2)
    schema, wrong = toy.SCHEMA._schema, 0
    validation = Validation(schema, introspection=True, effort=_WHOLE)
    for _ in range(100):
        text = broken(maker.make(chance.choice(("query", "mutation"))).text, chance)
        try:
            document = parse(text)
        except GraphQLError:
            continue
        ours = found(validation, text)
        # What is said of values is graphql-core's sentence without the value; its other places are compared.
        theirs = [error.formatted.get("locations") for error in validate(schema, document, specified_rules)]
        assert [place for _, place in ours] == theirs, text
        wrong += bool(theirs)
    assert wrong > 50


def test_lines_are_those_of_graphql_core() -> None:
    text = "{\r\n a\r b\n\r\n\n c # x\r\r d }\n"
    ours, theirs = Text(text), Source(text)
    assert [ours.get_location(at) for at in range(len(text)) if text[at - 1 : at + 1] != "\r\n"] == [
        theirs.get_location(at) for at in range(len(text)) if text[at - 1 : at + 1] != "\r\n"
    ]


def test_the_first_errors_are_told_and_that_there_are_more() -> None:
    errors = refused("{ item { " + " ".join(f"nam{n}" for n in range(25)) + " } }").errors
    assert [error["message"].partition("'")[0] for error in errors[:-1]] == ["Cannot query field "] * 10
    assert errors[-1]["message"] == "These are the first 10 errors; the document has more."
    assert ["Did you mean" in error["message"] for error in errors] == [True] * 3 + [False] * 8


@pytest.mark.parametrize(("fields", "told_of_each"), [(20, 3), (100, 1)])
def test_of_one_literal_three_errors_are_told_and_of_a_long_one_the_first(
    fields: int, told_of_each: int
) -> None:
    schema = build_schema("input In { a: Int } type Query { f(in: In): Int }")
    literal = "{ " + " ".join(f"f{n}: 1" for n in range(fields)) + " }"
    told = found(Validation(schema, introspection=True), f"{{ f(in: {literal}) g: f(in: {literal}) h }}")
    blamed = [message.partition("'")[2].partition("'")[0] for message, _ in told]
    assert blamed == ["In"] * 2 * told_of_each + ["h"]


def test_fields_that_take_too_long_to_merge_are_refused() -> None:
    spreads = " ".join(f"...F{n}" for n in range(40))
    fragments = " ".join(
        f"fragment F{n} on Item {{ inner {{ name }} inner {{ name inner {{ name }} }} }}" for n in range(40)
    )
    error = refused(f"{{ item {{ {spreads} }} }} {fragments}").errors[0]
    assert error["extensions"] == {"code": "TOO_MANY_FIELDS", "limit": Effort().merging}
    assert "write each once" in error["message"]


def test_one_name_in_many_inline_fragments_is_refused() -> None:
    assert engine().prepare(GraphQLRequest("{ item { " + "... { name } " * 30 + "} }")).cost == 4
    error = refused("{ item { " + "... { name } " * 31 + "} }").errors[0]
    assert error["extensions"] == {"code": "TOO_MANY_FIELDS", "limit": 30}


def test_operations_that_share_too_many_fragments_are_refused() -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} number(value: $v) }}" for n in range(19))
    chain += " fragment F19 on Query { number(value: $v) }"
    operations = " ".join(f"query Q{n}($v: Int!) {{ ...F{n % 20} }}" for n in range(30))
    validation = Validation(SCHEMA._schema, introspection=True, effort=Effort(sharing=300))
    with pytest.raises(RequestRefused) as caught:
        validation.check(parse(f"{operations} {chain}"))
    assert caught.value.code == "TOO_MANY_FRAGMENTS"
    assert found(Validation(SCHEMA._schema, introspection=True), f"{operations} {chain}") == []


def test_many_operations_are_refused() -> None:
    text = " ".join(f"query Q{n} {{ hello }}" for n in range(31))
    assert refused(text).errors[0]["extensions"] == {"code": "TOO_MANY_DEFINITIONS", "limit": 30, "asked": 31}


def test_what_costs_too_much_is_refused_before_anything_else_is_found_wrong_with_it() -> None:
    wrong = "query($n: Int) { items(first: $n) { edges { node { nothing } } } }"
    error = refused(wrong, DocumentLimits(max_cost=100), n=60).errors[0]
    assert error["extensions"] == {
        "code": "COST_LIMITED", "cost": 127, "limit": 100, "retryAfterSeconds": None,
    }  # fmt: skip
    assert refused(wrong, DocumentLimits(max_cost=100), n=3).code == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    "values",
    ["[" + "1," * MAX_VALUES + "1]", "[" + "{}," * MAX_VALUES + "{}]", "[" + '{"a":1},' * 2_000 + '{"b":2}]'],
)
def test_a_body_of_too_many_values_is_refused(values: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        parse_json(CODEC, b'{"query": "{ hello }", "variables": {"x": %s}}' % values.encode())
    assert caught.value.errors[0]["extensions"] == {"code": "TOO_MANY_VALUES", "limit": MAX_VALUES}


def test_commas_in_a_text_are_no_values() -> None:
    body = {"query": "{ hello }", "variables": {"x": "," * 3 * MAX_VALUES}}
    assert parse_json(CODEC, orjson.dumps(body)) == body


def test_similar_names_are_not_looked_for_with_long_texts() -> None:
    asked = "query($c: Colour!) { toys(colour: $c) { id } }"
    schema = build_schema("enum Colour { RED GREEN } type Query { toys(colour: Colour): ID }")
    operation = parse(asked).definitions[0]
    for said, suggested in (("GREE", True), ("GREE" * 2_000, False)):
        with pytest.raises(RequestRefused) as caught:
            coerced(schema, operation, {"c": said}, False)  # type: ignore[arg-type]
        assert ("Did you mean" in caught.value.errors[0]["message"]) is suggested


def test_questions_about_the_schema_stand_alone() -> None:
    text = "{ ...A hello } fragment A on Query { ... { __schema { queryType { name } } } }"
    error = refused(text).errors[0]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert "stand alone" in error["message"]
    alone = engine().prepare(GraphQLRequest('{ __typename ...A } fragment A on Query { __type(name: "Item") '
                                            "{ name } }"))  # fmt: skip
    assert alone.operation.introspects
    assert not engine().prepare(GraphQLRequest("{ __typename hello }")).operation.introspects


async def test_the_event_loop_goes_on_while_the_schema_is_told() -> None:
    served, turns = Engine(toy.SCHEMA, codec=CODEC), 0
    prepared = served.prepare(GraphQLRequest(get_introspection_query()))
    answering = asyncio.create_task(served.execute(prepared, SimpleNamespace(request_id="r")))
    while not answering.done():
        await asyncio.sleep(0)
        turns += 1
    told = orjson.loads((await answering).body)["data"]["__schema"]
    assert "Toy" in {one["name"] for one in told["types"]}
    assert turns > 3


def test_asking_for_all_types_ten_times_costs_ten_times_as_much() -> None:
    types = "types { name fields { name type { name } args { name } } }"
    once = engine().prepare(GraphQLRequest(f"{{ __schema {{ {types} }} }}")).cost
    assert once > 5
    many = " ".join(f"a{n}: {types}" for n in range(10))
    assert engine().prepare(GraphQLRequest(f"{{ __schema {{ {many} }} }}")).cost == pytest.approx(
        10 * once, abs=10
    )
