"""The schema says of every part what it is and who may read it, and each rule is seen to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from graphql import GraphQLSchema

import server
from domain.access.permissions import ALL
from tests.house import sdl

Rule = Callable[[GraphQLSchema], Iterator[str]]

KNOWN = sdl.permissions_exist(ALL)
RULES: tuple[Rule, ...] = (
    sdl.every_field_has_one_audience,
    sdl.restricted_fields_allow_null,
    sdl.interfaces_say_what_their_types_say,
    sdl.everything_is_described,
    KNOWN,
)

GOOD = """
"Who may read a field."
directive @audience(open: Boolean, permission: String, owner: Boolean) on FIELD_DEFINITION
"What can be read."
type Query {
  "A thing."
  thing("Its id." id: ID!): Thing @audience(permission: "orders:read")
}
"What can be followed."
type Subscription {
  "Each change of a thing."
  thingChanged: Thing! @audience(permission: "orders:read")
}
"Anything with an id."
interface Node {
  "The id."
  id: ID! @audience(open: true)
}
"A thing."
type Thing implements Node {
  "The id."
  id: ID! @audience(open: true)
  "What it cost."
  cost: Int @audience(permission: "cost:read")
  "The text, once."
  token: String! @audience(owner: true)
  "Its colour."
  colour: Colour! @audience(open: true)
}
"Colours."
enum Colour {
  "As blood."
  RED
}
"A thing to make."
input ThingInput {
  "Its colour."
  colour: Colour!
}
"""

PLANTED: list[tuple[Rule, str, str, str]] = [
    (sdl.every_field_has_one_audience, ' @audience(open: true)\n  "What', '\n  "What', "Thing.id"),
    (sdl.every_field_has_one_audience, "(owner: true)", "(owner: true, open: true)", "Thing.token"),
    (sdl.every_field_has_one_audience, "(owner: true)", "(open: false)", "Thing.token"),
    (sdl.every_field_has_one_audience, "(owner: true)", "(open: null)", "Thing.token"),
    (sdl.every_field_has_one_audience, '(permission: "cost:read")', '(permission: "")', "Thing.cost"),
    (sdl.every_field_has_one_audience, 'Thing @audience(permission: "orders:read")', "Thing", "Query.thing"),
    (sdl.restricted_fields_allow_null, "cost: Int @", "cost: Int! @", "Thing.cost"),
    (sdl.restricted_fields_allow_null, "Thing @", "Thing! @", "Query.thing"),
    (
        sdl.interfaces_say_what_their_types_say,
        'id: ID! @audience(open: true)\n  "What',
        'id: ID! @audience(owner: true)\n  "What',
        "Thing.id",
    ),
    (sdl.everything_is_described, '"A thing."\ntype', "type", "Thing"),
    (sdl.everything_is_described, '  "What it cost."\n', "", "Thing.cost"),
    (sdl.everything_is_described, '  "What it cost."\n', '  " "\n', "Thing.cost"),
    (sdl.everything_is_described, '"Its id." ', "", "Query.thing(id:)"),
    (sdl.everything_is_described, '  "As blood."\n', "", "Colour.RED"),
    (sdl.everything_is_described, '"Colours."\n', "", "Colour"),
    (
        sdl.everything_is_described,
        '  "Its colour."\n  colour: Colour!\n}',
        "  colour: Colour!\n}",
        "ThingInput",
    ),
    (sdl.everything_is_described, '"Who may read a field."\n', "", "@audience"),
    (KNOWN, "cost:read", "costs:read", "Thing.cost"),
]


@pytest.fixture(scope="module")
def ours() -> str:
    """Our schema as front ends get it."""
    return server.build_schema().as_str()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_our_schema_keeps_the_rule(ours: str, rule: Rule) -> None:
    assert list(rule(sdl.read(ours))) == []


def test_our_schema_is_read_with_its_restrictions(ours: str) -> None:
    cost = sdl.read(ours).type_map["Variant"].fields["cost"]  # type: ignore[attr-defined]
    assert sdl.audience_of(cost).permission == "cost:read"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_careful_schema_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(sdl.read(GOOD))) == []


@pytest.mark.parametrize(("rule", "good", "bad", "found"), PLANTED)
def test_a_careless_schema_is_found(rule: Rule, good: str, bad: str, found: str) -> None:
    planted = GOOD.replace(good, bad, 1)
    assert planted != GOOD
    assert any(sentence.startswith(found) for sentence in rule(sdl.read(planted)))


def test_every_rule_has_a_planted_case() -> None:
    assert {rule for rule, *_ in PLANTED} == set(RULES)
