"""The one pass over a document: exact on small ones, linear on hostile ones."""

from __future__ import annotations

import random

import pytest
from graphql import (
    DocumentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    get_introspection_query,
    parse,
    visit,
)

from schema.engine.limits import DocumentLimits
from schema.engine.measure import DocumentMeasure, Measured
from schema.engine.refused import RequestRefused
from schema.engine.requests import GraphQLRequest
from tests.engine.tiny import SCHEMA, engine

_OPEN = DocumentLimits(max_depth=10_000, max_aliases=10**40, max_root_fields=10**40, max_cost=10**60,
                       max_tokens=100_000, max_length=10**7, max_fragments=10_000)  # fmt: skip


def measure(text: str, limits: DocumentLimits = _OPEN) -> tuple[DocumentMeasure, Measured]:
    document: DocumentNode = parse(text)
    pass_ = DocumentMeasure(SCHEMA._schema, document, limits)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return pass_, pass_.operation(operation)


def cost(text: str, **variables: object) -> int:
    return engine(_OPEN).prepare(GraphQLRequest(text, variables=variables)).cost


def test_the_counts_are_those_of_the_document_written_out() -> None:
    _, found = measure(
        "{ a: hello ...F ...F ... on Query { b: hello } } fragment F on Query { c: item { d: name } }"
    )
    assert (found.depth, found.aliases, found.fields) == (2, 4, 3)


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ("{ hello }", 1),  # a leaf is a tenth, rounded up
        ("{ item { name } }", 2),
        ("{ item { inner { inner { __typename } } } }", 3),
        ("{ item { many { __typename } } }", 1 + 5),
        ("{ items(first: 10) { edges { node { __typename } } } }", 1 + 10 * 2),
        ("{ items(last: 10) { edges { node { __typename } } } }", 1 + 10 * 2),
        ("{ items(first: 3, last: 10) { edges { node { __typename } } } }", 1 + 10 * 2),
        ("{ items { edges { node { __typename } } } }", 1 + 20 * 2),
        ("{ items(first: 10) { ...E } } fragment E on ItemConnection { edges { node { __typename } } }", 21),
        ("{ items(first: 10) { edges { node { items(first: 10) { edges { node { __typename } } } } } } }",
         1 + 10 * (2 + 1 + 10 * 2)),
    ],
)  # fmt: skip
def test_page_sizes_multiply(text: str, objects: int) -> None:
    assert cost(text) == objects


def test_page_sizes_come_from_variables_too() -> None:
    text = "query($n: Int = 7) { items(first: $n) { edges { node { __typename } } } }"
    assert cost(text) == 1 + 7 * 2
    assert cost(text, n=50) == 1 + 50 * 2
    assert cost(text, n=None) == 1 + 20 * 2  # null is said, so the default of the variable does not count
    assert cost(text, n=-5) == 1
    shared = (
        "query($n: Int) { items(first: $n) { edges { node { ...F } } } } "
        "fragment F on Item { items(first: $n) { edges { node { __typename } } } }"
    )
    assert cost(shared, n=3) == 1 + 3 * (2 + 1 + 3 * 2)
    assert cost(shared) == 1 + 20 * (2 + 1 + 20 * 2)


def bomb(levels: int, times: int) -> str:
    spreads = " ".join(f"a{n}: items(first: $n) {{ edges {{ node {{ ...F%d }} }} }}" for n in range(times))
    chain = "".join(
        f"fragment F{i} on Item {{ {spreads.replace('%d', str(i + 1))} }} " for i in range(levels)
    )
    return f"query($n: Int) {{ item {{ ...F0 }} }} {chain} fragment F{levels} on Item {{ name }}"


def flat_bomb(levels: int, times: int) -> str:
    chain = "".join(
        f"fragment F{i} on Item {{ {' '.join(f'... {{ ...F{i + 1} }}' for _ in range(times))} }} "
        for i in range(levels)
    )
    return f"{{ item {{ ...F0 }} }} {chain} fragment F{levels} on Item {{ name }}"


def selection_sets(text: str) -> list[SelectionSetNode]:
    found: list[SelectionSetNode] = []

    class Collect(Visitor):
        def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
            found.append(node)

    visit(parse(text), Collect())
    return found


def test_fragments_nested_sixty_deep_are_visited_once_each() -> None:
    for text in (flat_bomb(60, 8), bomb(45, 8)):
        pass_, found = measure(text)
        assert pass_.visits == sum(len(node.selections) for node in selection_sets(text))
        assert len(pass_.program.registers) <= pass_.visits
        assert pass_.program.run(found.own, {"n": 2}) >= 2
    assert measure(bomb(45, 8))[1].aliases > 8**45


def test_a_bomb_is_refused_and_not_executed() -> None:
    with pytest.raises(RequestRefused) as caught:
        engine(DocumentLimits(max_tokens=100_000, max_length=10**6)).prepare(GraphQLRequest(bomb(60, 3)))
    assert caught.value.code == "TOO_DEEP"
    with pytest.raises(RequestRefused) as caught:
        engine().prepare(GraphQLRequest(bomb(4, 4), variables={"n": 100}))
    assert caught.value.code in ("TOO_MANY_ALIASES", "COST_LIMITED")


def test_the_introspection_of_graphiql_keeps_the_default_limits() -> None:
    full = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    assert engine().prepare(GraphQLRequest(full)).cost < DocumentLimits().max_cost


def test_cycles_end_and_are_reported_by_validation() -> None:
    with pytest.raises(RequestRefused) as caught:
        engine().prepare(
            GraphQLRequest("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A hello }")
        )
    assert caught.value.code == "GRAPHQL_VALIDATION_FAILED"


def test_visits_never_exceed_the_selections_of_a_random_document() -> None:
    chance = random.Random(20261122)
    for _ in range(50):
        names = [f"F{i}" for i in range(chance.randint(1, 12))]
        fragments, total = [], 1
        for name in names:
            spreads = [f"...{chance.choice(names)}" for _ in range(chance.randint(0, 5))]
            total += len(spreads) * 2 + 1
            fragments.append(
                f"fragment {name} on Item {{ name {' '.join(f'inner {{ {s} }}' for s in spreads)} }}"
            )
        pass_, _ = measure(f"{{ item {{ ...{names[0]} }} }} {' '.join(fragments)}")
        assert pass_.visits <= total + 1
