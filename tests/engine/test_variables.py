"""Simple variables are coerced as graphql-core does, and all others are left to it."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, parse
from graphql.execution.values import get_variable_values

from schema.engine.variables import SimpleVariables
from tests.engine import toy

SCHEMA: GraphQLSchema = toy.SCHEMA._schema
DECLARED = "$i: Int, $r: Int!, $s: String, $b: Boolean = true, $d: Int = 20, $n: Int = null, $e: ID"
GIVEN: tuple[dict[str, Any], ...] = (
    {"r": 1}, {"r": 1, "i": None, "d": None, "b": None}, {"r": 2**31}, {"r": True}, {"r": 1.0}, {"r": "1"},
    {}, {"r": None}, {"r": -(2**31), "s": "x", "e": "y", "n": 4, "extra": 1}, {"r": 1, "s": 1},
    {"r": 1, "e": 1},
)  # fmt: skip


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("more", ["", ", $c: [Colour!] = [RED]", ", $c: Colour", ", $w: Wanted!"])
def test_what_is_read_is_what_graphql_core_reads(given: dict[str, Any], more: str) -> None:
    node = parse(f"query({DECLARED}{more}) {{ toys {{ totalCount }} }}").definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    found = SimpleVariables(SCHEMA, node).read(given)
    expected = get_variable_values(SCHEMA, node.variable_definitions or (), given)
    if found is not None:
        assert not isinstance(expected, list)
        assert found.coerced == expected.coerced
        assert {name: one.value for name, one in found.sources.items()} == {
            name: one.value for name, one in expected.sources.items()
        }


def test_the_simple_ones_are_read() -> None:
    node = parse(f"query({DECLARED}) {{ toys {{ totalCount }} }}").definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    found = SimpleVariables(SCHEMA, node).read({"r": 1})
    assert found is not None
    assert found.coerced == {"r": 1, "b": True, "d": 20, "n": None}
