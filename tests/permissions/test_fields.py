"""Every field of every object, for everybody: a value, a denial with its one error, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from graphql import GraphQLSchema

from domain.access.permissions import CHANNELS_READ
from tests.house.sdl import audience_of, fields
from tests.permissions.judging import Alike, Judge
from tests.permissions.picks import Picker, is_node
from tests.permissions.principals import Principal, likeness_of
from tests.permissions.probes import Part, Probe, Survey
from tests.permissions.story import Story
from tests.permissions.things import OWNERSHIP, Things, lists, relation, sees, unknown_like

Answers = dict[tuple[str, int], bytes]
PAGE = 100
NEVER_TOLD = {
    "AccessToken.expiresAt": "tokens that people make do not end by themselves",
    "CardImport.failure": "no import of the story fails",
    "Payment.nextAction": "no way to pay that the demo has asks the buyer for anything",
}
"""Fields without a value anywhere in the story, and why."""


@pytest.fixture(scope="session")
def answers(survey: Survey, story: Story) -> Answers:
    """What everybody is answered to each part."""
    bodies = [part.body(lambda probe: False) for part in survey.parts]
    return {
        (one.name, at): asked(story, one, body) for one in story.principals for at, body in enumerate(bodies)
    }


def asked(story: Story, principal: Principal, body: bytes) -> bytes:
    """The answer to a document that is in order."""
    response = story.demo.call(body, principal.token)
    assert response.status == 200, response.body[:2000]
    return response.body


def but_for_its_budget(body: bytes) -> bytes:
    """An answer without what its caller has left, which every question lessens."""
    shortened, found = re.subn(rb',"budget":\{[^}]*\}', b"", body)
    assert found == 1
    return shortened


def judged(part: Part, principal: Principal, things: Things, body: bytes) -> Judge:
    """The findings about one answer."""
    judge, answer = Judge(principal, things), orjson.loads(body)
    if not isinstance(answer.get("data"), dict):
        judge.find((), f"is answered {body[:500]!r}")
        return judge
    for probe in part.probes:
        _judge(judge, probe, answer["data"][probe.alias])
    judge.errors(answer.get("errors", []))
    return judge


def _judge(judge: Judge, probe: Probe, value: Any) -> None:
    path = (probe.alias,)
    if probe.pick.permission is not None and probe.pick.permission not in judge.principal.permissions:
        judge.field(value, probe.pick, path)
        return
    shown = probe.thing is None or sees(judge.principal, probe.thing)
    if shown != (value is not None):
        found = probe.thing and relation(judge.principal, probe.thing)
        judge.find(path, f"is {'not ' if value is None else ''}shown, and it is {found}")
    elif value is not None:
        for item in value if isinstance(value, list) else [value]:
            judge.object(item, probe.picks, path)
        judge.seen.add(probe.pick.coordinate)


def test_each_field_is_told_to_whom_it_is_declared_for(
    survey: Survey, story: Story, things: Things, answers: Answers
) -> None:
    findings = [
        finding
        for one in story.principals
        for at, part in enumerate(survey.parts)
        for finding in judged(part, one, things, answers[one.name, at]).findings
    ]
    assert findings == []


def test_what_is_out_of_scope_looks_as_if_it_had_never_been(
    survey: Survey, story: Story, things: Things, answers: Answers
) -> None:
    different, count = [], 0
    for one in story.principals:
        for at, part in enumerate(survey.parts):
            unknown = asked(story, one, part.body(lambda probe: probe.thing is not None))
            for probe in part.probes:
                if probe.thing is not None and not sees(one, probe.thing):
                    said, unsaid = (about(probe, body) for body in (answers[one.name, at], unknown))
                    count += 1
                    if said != unsaid:
                        different.append((one.name, probe.alias, said, unsaid))
    assert different == []
    assert count > 1_000


def about(probe: Probe, body: bytes) -> Any:
    """What an answer says of one question: its value and its errors, wherever they stand among the others."""
    answer = orjson.loads(body)
    errors = [error for error in answer.get("errors", ()) if error["path"][0] == probe.alias]
    return answer["data"][probe.alias], sorted(errors, key=lambda error: str(error["path"]))


def test_a_foreign_id_is_answered_with_the_same_bytes(story: Story, things: Things) -> None:
    document = "query ($id: ID!) { node(id: $id) { __typename id } }"
    different = []
    for one in story.principals:
        for type_ in OWNERSHIP:
            foreign = [thing for thing in things.sample(type_) if not sees(one, thing)]
            for thing in foreign[:2]:
                said, unsaid = (
                    but_for_its_budget(asked(story, one, orjson.dumps(body)))
                    for text in (thing.text, unknown_like(thing).text)
                    for body in [{"query": document, "variables": {"id": text}}]
                )
                if said != unsaid or b"errors" in said:
                    different.append((one.name, type_, said))
    assert different == []


def test_people_of_one_channel_are_told_the_same(
    survey: Survey, story: Story, things: Things, answers: Answers
) -> None:
    different = [
        sentence
        for one in story.principals
        for at, part in enumerate(survey.parts)
        for sentence in _differing(one, part, at, story, things, answers)
    ]
    assert different == []


def _differing(
    one: Principal, part: Part, at: int, story: Story, things: Things, answers: Answers
) -> Iterator[str]:
    owner = likeness_of(one, story.principals)
    if owner is None:
        return
    alike = Alike(one, owner, things)
    mine, theirs = (orjson.loads(answers[name, at])["data"] for name in (one.name, owner.name))
    for probe in part.probes:
        value, reference = mine[probe.alias], theirs[probe.alias]
        if probe.thing is None or value is None or reference is None:
            continue
        for pick in probe.picks:
            path = (probe.alias, pick.name)
            yield from alike.differing(value[pick.name], reference[pick.name], pick, path)


def test_lists_hold_what_may_be_seen_and_all_of_it(
    survey: Survey, story: Story, things: Things, answers: Answers
) -> None:
    wrong = []
    for one in story.principals:
        for at, part in enumerate(survey.parts):
            data = orjson.loads(answers[one.name, at])["data"]
            for probe in part.probes:
                value, type_ = data[probe.alias], _listed_type(probe)
                if type_ is None or value is None:
                    continue
                expected = {thing.text for thing in things.of(type_) if lists(one, thing)}
                found = _listed(value)
                complete = found == expected or (len(expected) > PAGE == len(found) and found < expected)
                if not complete or _total(value) not in (None, len(expected)):
                    wrong.append((one.name, probe.alias, len(found), len(expected), _total(value)))
    assert wrong == []


def _listed_type(probe: Probe) -> str | None:
    """The type of the items of a list query."""
    if probe.argument:
        return None
    if is_node(probe.pick.named):
        return str(probe.pick.named.name)
    edges = next((pick for pick in probe.picks if pick.name == "edges"), None)
    if edges is None:
        return None
    return str(next(pick for pick in edges.below if pick.name == "node").named.name)


def _listed(value: Any) -> set[str]:
    items = value if isinstance(value, list) else [edge["node"] for edge in value["edges"]]
    return {item["id"] for item in items}


def _total(value: Any) -> int | None:
    return None if isinstance(value, list) else int(value["totalCount"])


def test_every_field_is_told_to_somebody(
    survey: Survey, story: Story, things: Things, answers: Answers
) -> None:
    seen: set[str] = set()
    for one in story.principals:
        for at, part in enumerate(survey.parts):
            seen |= judged(part, one, things, answers[one.name, at]).seen
    assert sorted(everything_in(survey) - seen) == sorted(NEVER_TOLD)


def everything_in(survey: Survey) -> set[str]:
    """The coordinates of all fields that are asked for."""
    found, waiting = set(), [pick for probe in survey.probes for pick in probe.picks]
    while waiting:
        pick = waiting.pop()
        found.add(pick.coordinate)
        waiting += pick.below
    return found


def test_the_story_has_every_relation(story: Story, things: Things) -> None:
    for type_ in OWNERSHIP:
        sample = things.sample(type_)
        found = {relation(one, thing) for one in story.principals for thing in sample}
        if sample[0].is_goods:
            assert found == {"shown", "hidden"}, type_
        elif type_ == "CardImport":
            assert found == {"own", "ancestor", "foreign"}, "Cards come in at headquarters alone."
        else:
            bought = {"other customer"} if any(thing.customer for thing in sample) else set()
            above = set() if type_ in ("Customer", "Coupon") else {"ancestor"}
            assert found == {"own", "descendant", "sibling", "foreign"} | bought | above, type_


def test_the_rights_of_the_table_are_those_of_the_queries(schema: GraphQLSchema) -> None:
    picker = Picker(schema)
    assert schema.query_type is not None
    for name in schema.query_type.fields:
        pick = picker.root(name)
        if is_node(pick.named) and pick.named.name in OWNERSHIP:
            assert pick.permission in OWNERSHIP[pick.named.name][1] | {CHANNELS_READ}, name
    missing = {name for name, type_ in schema.type_map.items() if is_node(type_)} - {"Node"}
    assert missing == OWNERSHIP.keys()


def test_what_only_the_owner_receives_is_in_no_query(survey: Survey, schema: GraphQLSchema) -> None:
    asked_for = everything_in(survey)
    owned = {name for name, found in fields(schema) if audience_of(found).owner}
    assert owned
    assert owned & asked_for == set()
