"""The schema holds what the contract relies on, and every operation of it is executed by a test."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    EnumTypeDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    build_schema,
    is_required_input_field,
    parse,
    print_ast,
    validate,
)

import server
import tests.contract
from tests.contract.documents import EXECUTED, FOLDER, INPUTS, operations_of, parsed

SHARED = FOLDER.parents[1].parent / "shared" / "contract"
OPERATIONS = operations_of()
DEFINITIONS = {node.name.value: node for node in parsed(FOLDER / INPUTS).definitions}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The SDL that front ends get."""
    return build_schema(server.build_schema().as_str())


def differing(ours: Path, theirs: Path) -> set[str]:
    """Files of the contract that are not the same in two folders."""
    names = {path.name for folder in (ours, theirs) for path in folder.glob("*.graphql")}
    return {name for name in names if _bytes(ours / name) != _bytes(theirs / name)}


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def missing(definition: Any, type_: Any) -> list[str]:
    """What an input or enum of the contract has and ours has not, or asks more than the contract."""
    if isinstance(definition, EnumTypeDefinitionNode):
        words = set(type_.values) if isinstance(type_, GraphQLEnumType) else set()
        return sorted({value.name.value for value in definition.values or ()} - words)
    assert isinstance(definition, InputObjectTypeDefinitionNode)
    if not isinstance(type_, GraphQLInputObjectType):
        return [definition.name.value]
    asked = {field.name.value: field for field in definition.fields or ()}
    found = [name for name, field in asked.items() if not _agrees(field, type_.fields.get(name))]
    more = [name for name in set(type_.fields) - set(asked) if is_required_input_field(type_.fields[name])]
    return sorted(found + more)


def _agrees(asked: InputValueDefinitionNode, ours: Any) -> bool:
    """Whether ours takes all that the contract allows: the same type, or one with null."""
    if ours is None:
        return False
    wanted = print_ast(asked.type)
    if asked.default_value is not None and print_ast(asked.default_value) != _default(ours):
        return False
    return str(ours.type) in (wanted, wanted.removesuffix("!"))


def _default(ours: Any) -> str:
    value = ours.ast_node.default_value
    return "" if value is None else print_ast(value)


def test_the_copy_is_the_contract() -> None:
    assert SHARED.parent.name == "shared"
    if SHARED.is_dir():
        assert differing(FOLDER, SHARED) == set()


def test_a_difference_is_seen(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.graphql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert differing(FOLDER, tmp_path) == set()
    (tmp_path / "redeemer.graphql").write_text("query Other { viewer { kind } }")
    (tmp_path / INPUTS).unlink()
    (tmp_path / "new.graphql").write_text("query New { viewer { kind } }")
    assert differing(FOLDER, tmp_path) == {"redeemer.graphql", INPUTS, "new.graphql"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_valid(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(OPERATIONS[name].text)) == []


@pytest.mark.parametrize("name", DEFINITIONS)
def test_an_input_or_enum_is_there(schema: GraphQLSchema, name: str) -> None:
    assert missing(DEFINITIONS[name], schema.type_map.get(name)) == []


OURS = """enum Colour { RED GREEN BLUE } input Paint { colour: Colour!, coats: Int! = 2, note: String }
          type Query { a: Int }"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("enum Colour { RED GREEN }", []),
        ("enum Colour { RED PINK }", ["PINK"]),
        ("enum Paint { RED }", ["RED"]),
        ("input Paint { colour: Colour!, coats: Int! = 2 }", []),
        ("input Paint { colour: Colour!, coats: Int! = 1 }", ["coats"]),
        ("input Paint { colour: Colour!, coats: Int = 2 }", ["coats"]),
        ("input Paint { colour: Colour!, note: String! }", []),
        ("input Paint { colour: Colour, coats: Int! = 2 }", ["colour"]),
        ("input Paint { coats: Int! = 2 }", ["colour"]),
        ("input Paint { colour: Colour!, note: Int }", ["note"]),
        ("input Paint { colour: Colour!, size: Int }", ["size"]),
        ("input Brush { size: Int }", ["Brush"]),
    ],
)
def test_a_missing_part_is_seen(text: str, found: list[str]) -> None:
    (definition,) = parse(text).definitions
    ours = build_schema(OURS).type_map.get(definition.name.value)  # type: ignore[attr-defined]
    assert missing(definition, ours) == found


def test_every_operation_is_executed_by_a_test() -> None:
    for module in pkgutil.iter_modules(tests.contract.__path__):
        importlib.import_module(f"tests.contract.{module.name}")
    assert set(EXECUTED) == set(OPERATIONS)
