"""The schema is written down, and nothing that front ends rely on leaves it unsaid."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_object_type,
)
from graphql.utilities import find_breaking_changes

import server
from tests.server_process import ROOT

SNAPSHOT = ROOT / "docs" / "schema.graphql"
UPDATE = "The schema has changed. Write it down: .venv/bin/python server.py sdl > docs/schema.graphql"
SAY = (
    "Front ends break. Deprecate instead, or list each under '### Breaking' of CHANGELOG.md's first section."
)
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")

OLD = "type Query { count: Int product(slug: String!): Product } type Product { name: String price: Int }"


@pytest.fixture(scope="module")
def printed() -> str:
    """The schema as it is now."""
    return server.build_schema().as_str().rstrip("\n") + "\n"


def committed() -> str:
    """The schema of the last commit; the file's own where there is no history."""
    shown = subprocess.run(
        ["git", "show", "HEAD:docs/schema.graphql"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return shown.stdout if shown.returncode == 0 else SNAPSHOT.read_text("utf-8")


def said_to_break() -> str:
    """What the changes say under Breaking, newest section only."""
    newest = (ROOT / "CHANGELOG.md").read_text("utf-8").partition("\n## ")[2].partition("\n## ")[0]
    return newest.partition("### Breaking")[2].partition("\n### ")[0]


def unsaid(old: GraphQLSchema, new: GraphQLSchema, said: str) -> list[str]:
    """Breaking changes that are not written down."""
    return [
        change.description
        for change in find_breaking_changes(old, new)
        if change.description.rstrip(".") not in said
    ]


def undated(schema: GraphQLSchema) -> list[str]:
    """Deprecations that do not say until when."""
    return [
        f"{type_.name}.{name}"
        for type_ in schema.type_map.values()
        for name, field in getattr(type_, "fields", {}).items()
        if field.deprecation_reason is not None and not DATE.search(field.deprecation_reason)
    ]


def test_the_snapshot_is_the_schema(printed: str) -> None:
    assert SNAPSHOT.read_text("utf-8") == printed, UPDATE


def test_nothing_breaks_unsaid(printed: str) -> None:
    assert unsaid(build_schema(committed()), build_schema(printed), said_to_break()) == [], SAY


def test_deprecations_carry_a_date(printed: str) -> None:
    assert undated(build_schema(printed)) == []


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (OLD.replace("price: Int", ""), "Product.price"),
        (OLD.replace("price: Int", "price: String"), "Product.price"),
        (OLD.replace("slug: String!", "slug: String!, shop: ID!"), "shop"),
        (OLD.replace("price: Int", "price: Int cost: Int"), None),
        (OLD.replace("name: String", "name: String!"), None),
    ],
)
def test_a_break_is_found_and_an_addition_is_none(new: str, found: str | None) -> None:
    changes = unsaid(build_schema(OLD), build_schema(new), "")
    assert [change for change in changes if found is None or found not in change] == []
    assert bool(changes) == (found is not None)
    assert unsaid(build_schema(OLD), build_schema(new), "\n".join(changes)) == []


def test_a_deprecation_without_a_date_is_found() -> None:
    text = (
        'type Query { old: Int @deprecated(reason: "Use new.") older: Int @deprecated(reason: "2027-01-01") }'
    )
    assert undated(build_schema(text)) == ["Query.old"]


def test_every_filter_by_a_list_says_what_an_empty_list_means(printed: str) -> None:
    schema = build_schema(printed)
    silent = []
    for name, kind in schema.type_map.items():
        asked: dict[str, Any] = dict(kind.fields) if is_input_object_type(kind) else {}
        for field, its in (kind.fields if is_object_type(kind) else {}).items():
            asked |= {f"{field}.{one}": argument for one, argument in its.args.items()}
        for one, its in asked.items():
            if is_list_type(its.type) and is_enum_type(get_named_type(its.type)):
                silent += (
                    [] if str(its.description).endswith("none for an empty list.") else [f"{name}.{one}"]
                )
    assert silent == []
