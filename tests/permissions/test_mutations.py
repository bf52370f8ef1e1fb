"""Every mutation for everybody: denied, not found as if it had never been, or carried out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from graphql import GraphQLSchema, is_required_argument

import server
from domain.access.permissions import ORDERS_PAY
from persistence.store import opened
from tests.house.sdl import audience_of
from tests.permissions.inputs import Reference, Verb
from tests.permissions.principals import Principal
from tests.permissions.story import Story
from tests.permissions.things import Thing, Things, acts_on, relation, unknown_like
from tests.permissions.undoing import tried

REFUSAL = "{ __typename ... on Refusal { code message field } }"
PAIRS = 10
GOODS = {"Variant": "MGTV-1M", "Product": "mango-tv", "Category": "video"}
"""What mutations are about where it does not matter."""
PAYS = "payOrder"
"""Open by its declaration, for buyers pay their own orders; back offices need the right to."""
UNCHANGED = frozenset({"guess"})
"""Tables that may change: wrong codes are counted."""


@dataclass(frozen=True, slots=True)
class Try:
    """A mutation about an object, and the same about one that was never issued."""

    verb: Verb
    at: Reference
    thing: Thing
    said: dict[str, Any]
    unsaid: dict[str, Any]
    names: tuple[str, str]


@pytest.fixture(scope="session")
def verbs(schema: GraphQLSchema) -> list[Verb]:
    """Every mutation."""
    assert schema.mutation_type is not None
    return [Verb(name, field, schema) for name, field in schema.mutation_type.fields.items()]


@pytest.fixture(scope="module", autouse=True)
def nothing_changes(story: Story) -> Iterator[None]:
    """Whatever these tests try, the database is the same afterwards."""
    before = fingerprint(story)
    yield
    after = fingerprint(story)
    assert {table for table in before if before[table] != after[table]} <= UNCHANGED


def fingerprint(story: Story) -> dict[str, Any]:
    """What each table holds."""
    tables = story.demo.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    digest = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
    return {row["tablename"]: story.demo.value(digest.format(row["tablename"])) for row in tables}


def may(principal: Principal, verb: Verb) -> bool:
    """Whether the declaration lets the principal try."""
    permission = audience_of(verb.field).permission
    if verb.name == PAYS and principal.kind not in ("STOREFRONT", "CUSTOMER"):
        permission = ORDERS_PAY
    return permission is None or permission in principal.permissions


def name_of(at: Reference, thing: Thing) -> str:
    """How the field names the object."""
    return str(thing.name) if at.by_name else thing.text


def unnamed(verb: Verb, things: Things) -> dict[tuple[str, ...], str]:
    """The required names of an input, of objects that there are not."""
    needed = [at for at in verb.references() if at.required]
    return {at.path: name_of(at, unknown_like(things.sample(at.type)[0])) for at in needed}


def in_scope(principal: Principal, at: Reference, things: Things) -> list[Thing]:
    """Objects that a field may name, the principal's own first."""
    if at.type in GOODS:
        return [thing for thing in things.of(at.type) if thing.name == GOODS[at.type]]
    found = [thing for thing in things.sample(at.type) if acts_on(principal, thing)]
    return sorted(
        found, key=lambda thing: (thing.type == "Channel" and thing.place == principal.place, thing.path)
    )


def filled(verb: Verb, principal: Principal, things: Things, but: Reference) -> dict[tuple[str, ...], str]:
    """What the other required fields name: something in scope."""
    found = {}
    for at in verb.references():
        if at.required and at != but:
            known = in_scope(principal, at, things) or [unknown_like(things.sample(at.type)[0])]
            found[at.path] = name_of(at, known[0])
    return found


def tries(verb: Verb, principal: Principal, things: Things) -> Iterator[Try]:
    """The mutation about objects of every relation that are none of the principal's business."""
    for at in verb.references():
        foreign = [thing for thing in things.sample(at.type) if not acts_on(principal, thing)]
        for thing in {relation(principal, thing): thing for thing in foreign}.values():
            rest, names = filled(verb, principal, things, at), (thing, unknown_like(thing))
            said, unsaid = (name_of(at, one) for one in names)
            made = verb.said({**rest, at.path: said})
            unmade = json.loads(json.dumps(made).replace(json.dumps(said), json.dumps(unsaid)))
            yield Try(verb, at, thing, made, unmade, (said, unsaid))


def send(story: Story, principal: Principal, asked: list[tuple[Verb, Any]]) -> dict[str, Any]:
    """Several mutations in one document."""
    declared = " ".join(f"$m{n}: {verb.field.args['input'].type}" for n, (verb, _) in enumerate(asked))
    called = " ".join(f"m{n}: {verb.name}(input: $m{n}) {REFUSAL}" for n, (verb, _) in enumerate(asked))
    variables = {f"m{n}": said for n, (_, said) in enumerate(asked)}
    body = orjson.dumps({"query": f"mutation ({declared}) {{ {called} }}", "variables": variables})
    response = story.demo.call(body, principal.token)
    answer: dict[str, Any] = orjson.loads(response.body)
    assert response.status == 200, (principal.name, answer)
    assert answer.get("data"), (principal.name, answer, [verb.name for verb, _ in asked])
    return answer


def test_who_may_not_is_denied(story: Story, things: Things, verbs: list[Verb]) -> None:
    wrong = []
    for one in story.principals:
        denied = [verb for verb in verbs if not may(one, verb) and verb.input and not verb.uploads]
        for start in range(0, len(denied), PAIRS):
            part = denied[start : start + PAIRS]
            asked = [(verb, verb.said(unnamed(verb, things))) for verb in part]
            answer = send(story, one, asked)
            expected = {(f"m{n}",): one.code_of_denial for n in range(len(part))}
            found = {tuple(e["path"]): e["extensions"]["code"] for e in answer.get("errors", [])}
            if found != expected or any(answer["data"].values()):
                wrong.append((one.name, [verb.name for verb in part], answer))
    assert wrong == []


def test_what_is_foreign_is_not_found(story: Story, things: Things, verbs: list[Verb]) -> None:
    wrong, count = [], 0
    for one in story.principals:
        all_tries = [
            each for verb in verbs if may(one, verb) and not verb.uploads for each in tries(verb, one, things)
        ]
        count += len(all_tries)
        for at in range(0, len(all_tries), PAIRS):
            part = all_tries[at : at + PAIRS]
            asked = [pair for each in part for pair in ((each.verb, each.said), (each.verb, each.unsaid))]
            answer = send(story, one, asked)
            for n, each in enumerate(part):
                said, unsaid = (answer["data"][f"m{2 * n + k}"] for k in (0, 1))
                same = json.dumps(unsaid).replace(each.names[1], each.names[0]) == json.dumps(said)
                if not same or not is_refused(said, each.at) or answer.get("errors"):
                    what = relation(one, each.thing)
                    wrong.append((one.name, each.verb.name, each.at.path, what, said, unsaid))
    assert wrong == []
    assert count > 300


def is_refused(said: Any, at: Reference) -> bool:
    """Whether the object is not there, or another field was refused before it was looked for."""
    if said is None or "code" not in said:
        return False
    return said["code"] == "NOT_FOUND" or at.path[-1] not in (said["field"] or [])


def test_who_may_can(story: Story, things: Things, verbs: list[Verb]) -> None:
    schema = server.build_schema()

    async def all_of_them() -> list[Any]:
        async with opened(story.demo.settings) as store:
            return [
                problem
                for one in story.principals
                for verb in verbs
                if may(one, verb) and not verb.uploads
                if (problem := await carried_out(store, one, verb)) is not None
            ]

    async def carried_out(store: Any, one: Principal, verb: Verb) -> Any:
        last: Any = None
        for said in possible(verb, one, things, story):
            argument = "(input: $input)" if verb.input else ""
            declared = f"($input: {verb.field.args['input'].type})" if verb.input else ""
            document = f"mutation {declared} {{ {verb.name}{argument} {REFUSAL} }}"
            result = await tried(store, schema, one, document, said)
            if result.errors:
                return one.name, verb.name, said, str(result.errors[0])
            last = result.data[verb.name]
            if last["__typename"] != "NotFound":
                return None
        return None if last is None else (one.name, verb.name, last)

    assert story.demo.apart.run(all_of_them()) == []


def possible(verb: Verb, one: Principal, things: Things, story: Story) -> Iterator[dict[str, Any]]:
    """Inputs that name objects of the principal's own, and below it."""
    needed = [at for at in verb.references() if at.required]
    if verb.input is None or not needed:
        yield {} if verb.input is None else verb.said({})
        return
    known = {
        at: [thing for thing in in_scope(one, at, things) if fits(at, thing, one, story)] for at in needed
    }
    for n in range(max(map(len, known.values()))):
        if all(known.values()):
            yield verb.said({at.path: name_of(at, known[at][min(n, len(known[at]) - 1)]) for at in needed})


def fits(at: Reference, thing: Thing, one: Principal, story: Story) -> bool:
    """Whether an object is not only in scope, but one's own to change."""
    if at.type == "Redemption":
        begun_by = story.settled_by.get(thing.text)
        return begun_by is not None and begun_by.name == one.name
    return at.type != "PriceRule" or (thing.place == one.place and thing.listed)


def test_a_file_is_taken_from_nobody_who_may_not(story: Story, verbs: list[Verb]) -> None:
    (verb,) = [verb for verb in verbs if verb.uploads]
    said = {"sku": "MGTV-1M", "idempotencyKey": "matrix", "file": None}
    document = (
        f"mutation ($input: {verb.field.args['input'].type}) {{ {verb.name}(input: $input) {REFUSAL} }}"
    )
    for one in story.principals:
        if may(one, verb):
            continue
        form = {
            "operations": json.dumps({"query": document, "variables": {"input": said}}),
            "map": '{"0": ["variables.input.file"]}',
        }
        headers = {"authorization": f"Bearer {one.token}"} if one.token else {}
        files = {"0": ("a.csv", b"secret\nABC\n")}
        answer = story.demo.http.post(story.demo.url, data=form, files=files, headers=headers).json()
        assert answer["data"] == {verb.name: None}, one.name
        codes = [(error["path"], error["extensions"]["code"]) for error in answer["errors"]]
        assert codes == [([verb.name], one.code_of_denial)], one.name


def test_a_mutation_takes_one_input_and_no_more(verbs: list[Verb]) -> None:
    for verb in verbs:
        assert set(verb.field.args) <= {"input"}, verb.name
        assert all(is_required_argument(said) for said in verb.field.args.values()), verb.name
