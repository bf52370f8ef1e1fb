"""Every operation of the contract and every feed is planned, for who may see all of it and who may not."""

from __future__ import annotations

from typing import cast

import pytest
from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type, is_leaf_type
from graphql.type import is_required_argument

import server
from schema.engine.compiled.plan import make_plan
from schema.engine.compiled.sources import Sources
from schema.engine.documents import Documents
from schema.engine.limits import DocumentLimits
from tests.contract.documents import Operation, operations_of

OPERATIONS = operations_of()


@pytest.fixture(scope="module")
def planning() -> tuple[Documents, Sources]:
    schema = server.build_schema()
    return Documents(schema._schema, DocumentLimits(), introspection=True), Sources(schema)


@pytest.mark.parametrize("said", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_is_planned(planning: tuple[Documents, Sources], said: Operation) -> None:
    documents, sources = planning
    document = documents.get(said.text)
    operation = document.operations[0]
    plan = make_plan(sources.schema, sources, document, operation, {})
    denied = make_plan(sources.schema, sources, document, operation, {}, plan.requires)
    assert denied.requires == plan.requires or not denied.tree.waits
    assert bool(denied.denied) == bool(plan.requires)


def fields_of(type_: GraphQLObjectType) -> str:
    """Every field of a type and of the objects directly below it that asks for no argument."""
    return " ".join(
        name if is_leaf_type(below) else f"{name} {{ __typename {leaves_of(below)} }}"
        for name, field in type_.fields.items()
        if not any(is_required_argument(argument) for argument in field.args.values())
        for below in [get_named_type(field.type)]
    )


def leaves_of(type_: GraphQLNamedType) -> str:
    return " ".join(
        name
        for name, field in getattr(type_, "fields", {}).items()
        if is_leaf_type(get_named_type(field.type)) and not field.args
    )


def test_everything_that_can_be_followed_is_planned(planning: tuple[Documents, Sources]) -> None:
    documents, sources = planning
    feeds = sources.schema._schema.subscription_type
    assert feeds is not None
    for name, field in feeds.fields.items():
        wanted = [
            (key, argument.type) for key, argument in field.args.items() if is_required_argument(argument)
        ]
        declared = ", ".join(f"${key}: {kind}" for key, kind in wanted)
        said = ", ".join(f"{key}: ${key}" for key, _ in wanted)
        body = fields_of(cast("GraphQLObjectType", get_named_type(field.type)))
        head = f"subscription({declared}) {{ {name}({said})" if wanted else f"subscription {{ {name}"
        document = documents.get(f"{head} {{ {body} }} }}")
        plan = make_plan(sources.schema, sources, document, document.operations[0], {})
        make_plan(sources.schema, sources, document, document.operations[0], {}, plan.requires)
