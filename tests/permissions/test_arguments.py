"""Arguments that narrow or continue: another's channel, hidden goods and another's cursor tell nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from graphql import GraphQLField, GraphQLInputObjectType, GraphQLSchema, get_named_type

from tests.house.sdl import audience_of
from tests.permissions.principals import PLACES, Principal
from tests.permissions.story import HIDDEN, Story
from tests.permissions.things import Thing, Things, concerns, sees, unknown_like

ITEMS = "{ totalCount pageInfo { hasNextPage } edges { cursor node { __typename id } } }"
NARROWING = {"channel": "Channel", "sku": "Variant", "category": "Category"}
"""Arguments, and fields of filters, that name an object."""


@pytest.fixture(scope="session")
def lists(schema: GraphQLSchema) -> dict[str, GraphQLField]:
    """The queries that answer pages."""
    assert schema.query_type is not None
    return {name: field for name, field in schema.query_type.fields.items() if "after" in field.args}


def asked(story: Story, one: Principal, document: str, **variables: Any) -> Any:
    """The answer, whatever it is."""
    body = orjson.dumps({"query": document, "variables": variables})
    answer = orjson.loads(story.demo.call(body, one.token).body)
    return {"data": answer.get("data"), "errors": answer.get("errors", [])}


def may(one: Principal, field: GraphQLField) -> bool:
    """Whether the declaration lets the principal ask."""
    permission = audience_of(field).permission
    return permission is None or permission in one.permissions


def narrowing(field: GraphQLField) -> Iterator[tuple[str, str, str]]:
    """Arguments that name an object: the type that is named, the variable's type, and how it is used."""
    for name, said in field.args.items():
        type_ = get_named_type(said.type)
        if isinstance(type_, GraphQLInputObjectType):
            for key, inner in type_.fields.items():
                if key in NARROWING and str(inner.type) == "String":
                    yield NARROWING[key], "String", f"{name}: {{{key}: $name}}"
        elif name in NARROWING:
            yield NARROWING[name], "String", f"{name}: $name"


def ids_of(answer: Any) -> set[str]:
    """What a page names."""
    (page,) = answer["data"].values()
    return {edge["node"]["id"] for edge in page["edges"]}


def test_a_foreign_name_narrows_to_nothing_as_an_unknown_one(
    story: Story, things: Things, lists: dict[str, GraphQLField]
) -> None:
    wrong, count = [], 0
    for one in story.principals:
        for name, field in lists.items():
            for type_, kind, used in narrowing(field):
                for thing in few(things.sample(type_)) if may(one, field) else ():
                    document = f"query ($name: {kind}) {{ {name}({used}, first: 100) {ITEMS} }}"
                    found = asked(story, one, document, name=thing.name)
                    unknown = asked(story, one, document, name=unknown_like(thing).name)
                    narrowed = found["errors"] == [] and ids_of(found) <= ids_seen(one, things)
                    # Cards of goods that are hidden now were sold before: the seller knows the SKU.
                    secret = not concerns(one, thing) and type_ != "Variant"
                    if not narrowed or (secret and found != unknown):
                        wrong.append((one.name, name, used, thing.name, found))
                    count += 1
    assert wrong == []
    assert count > 100


def few(things: list[Thing]) -> list[Thing]:
    """Every channel, and of goods one from each shelf."""
    shelves = {(thing.place, thing.hidden_below, thing.published): thing for thing in things}
    return list(shelves.values())


def ids_seen(one: Principal, things: Things) -> set[str]:
    """Everything that somebody may see."""
    if one.name not in _SEEN:
        _SEEN[one.name] = {text for text, thing in things.by_text.items() if sees(one, thing)}
    return _SEEN[one.name]


_SEEN: dict[str, set[str]] = {}


def reader_of(story: Story, field: GraphQLField) -> Principal:
    """Who sees the whole list: headquarters' owner, and of what customers alone have, a customer."""
    root = next(one for one in story.principals if one.name == "OWNER at hq")
    return root if may(root, field) else [one for one in story.principals if may(one, field)][-1]


def test_the_cursor_of_another_leads_to_nothing_foreign(
    story: Story, things: Things, lists: dict[str, GraphQLField]
) -> None:
    wrong = []
    for name, field in lists.items():
        (page,) = asked(story, reader_of(story, field), f"{{ {name}(first: 3) {ITEMS} }}")["data"].values()
        cursors = [edge["cursor"] for edge in page["edges"]]
        assert cursors, name
        for one in story.principals:
            for way, size in (("after", "first"), ("before", "last")):
                document = f"query ($at: String) {{ {name}({way}: $at, {size}: 100) {ITEMS} }}"
                found = asked(story, one, document, at=cursors[-1])
                if may(one, field) and (found["errors"] or not ids_of(found) <= ids_seen(one, things)):
                    wrong.append((one.name, name, way, found))
    assert wrong == []


def test_a_cursor_of_nobody_is_said_to_be_wrong(story: Story, lists: dict[str, GraphQLField]) -> None:
    for cursor in ("", "x", "null", "W10=", "WzFd", "bnVsbA==", "\u4e2d", "A" * 5_000):
        for name, field in lists.items():
            document = f"query ($at: String) {{ {name}(after: $at) {ITEMS} }}"
            found = asked(story, reader_of(story, field), document, at=cursor)
            codes = [error["extensions"]["code"] for error in found["errors"]]
            assert codes == ["BAD_USER_INPUT"], (name, cursor)


def test_the_price_of_a_channel_that_is_not_below_is_null(story: Story, things: Things) -> None:
    document = """query ($sku: String!, $channel: String) { variant(sku: $sku) {
      purchasePrice(channel: $channel) { amount } priceTrace(channel: $channel) { kind } } }"""
    wrong = []
    for one in story.principals:
        if "prices:read" not in one.permissions:
            continue
        for channel in (thing for thing in things.of("Channel") if thing.name in PLACES):
            found = asked(story, one, document, sku="MGTV-1M", channel=channel.name)
            unknown = asked(story, one, document, sku="MGTV-1M", channel=unknown_like(channel).name)
            traced = found["data"]["variant"]["priceTrace"] is not None
            if traced != concerns(one, channel) or (not traced and found != unknown):
                wrong.append((one.name, channel.name, found))
    assert wrong == []


def test_nobody_without_the_right_reads_what_the_supplier_asks(story: Story) -> None:
    costs = {
        f"{row['cost_minor'] // 100}.{row['cost_minor'] % 100:02d}"
        for row in story.demo.rows("SELECT cost_minor FROM variant WHERE sku = 'MGTV-1M'")
    }
    document = """{ variant(sku: "MGTV-1M") { purchasePrice { amount } price { amount }
      priceTrace { kind amount { amount } } floorPrice { amount } } }"""
    for one in story.principals:
        if "cost:read" in one.permissions or "prices:read" not in one.permissions:
            continue
        found = asked(story, one, document)["data"]["variant"]
        assert found["purchasePrice"] is None or found["purchasePrice"]["amount"] not in costs, one.name
        assert "COST" not in [step["kind"] for step in found["priceTrace"]], one.name
        assert not costs & {step["amount"]["amount"] for step in found["priceTrace"]}, one.name


def test_hidden_goods_are_quoted_like_unknown_ones(story: Story, things: Things) -> None:
    document = """query ($sku: String!) { quote(input: {lines: [{sku: $sku}]}) {
      token lines { sku } total { amount } problems { code message field sku left } } }"""
    hidden = few([thing for thing in things.of("Variant") if thing.hidden_below or not thing.published])
    assert len(hidden) > len(set(HIDDEN.values()))
    wrong = []
    for one in (one for one in story.principals if "orders:place" in one.permissions):
        for thing in (thing for thing in hidden if not (thing.published and concerns(one, thing))):
            other = unknown_like(thing)
            found, unknown = (asked(story, one, document, sku=each.name) for each in (thing, other))
            if json.dumps(unknown).replace(str(other.name), str(thing.name)) != json.dumps(found):
                wrong.append((one.name, thing.name, found, unknown))
    assert wrong == []
