"""Every operation of the contract is planned, for those who may see all of it and for those who may not."""

from __future__ import annotations

import pytest

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
