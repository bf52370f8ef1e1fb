"""The files of the contract: their operations, and which test executes which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from graphql import DocumentNode, OperationDefinitionNode, parse, print_ast

FOLDER = Path(__file__).parent
INPUTS = "inputs.graphql"
EXECUTED: dict[str, str] = {}
"""Operation → the test that executes it, filled by `executes`."""

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a file."""

    file: str
    name: str
    kind: str
    text: str


def parsed(path: Path) -> DocumentNode:
    """A file of the contract."""
    return parse(path.read_text("utf-8"))


def operations_of(folder: Path = FOLDER) -> dict[str, Operation]:
    """Every operation of every file, by its name."""
    found: dict[str, Operation] = {}
    for path in sorted(folder.glob("*.graphql")):
        if path.name == INPUTS:
            continue
        for node in parsed(path).definitions:
            assert isinstance(node, OperationDefinitionNode), "The files hold operations only."
            assert node.name is not None
            name = node.name.value
            assert name not in found, f"{name} is there twice."
            found[name] = Operation(path.name, name, node.operation.value, print_ast(node))
    return found


def executes(*names: str) -> Callable[[Test], Test]:
    """Say which operations a test executes; that it does is seen when it runs."""

    def declare(test: Test) -> Test:
        test.executes = names  # type: ignore[attr-defined]
        for name in names:
            EXECUTED[name] = test.__qualname__
        return test

    return declare
