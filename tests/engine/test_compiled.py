"""Compiled execution: what is planned, what falls back and is counted, and that no mutation runs twice."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, parse

from resolvers.http.codec import OrjsonCodec
from schema.engine.compiled.execution import CompiledExecution
from schema.engine.compiled.planner import PlanLimits, Planner
from schema.engine.engine import Engine
from schema.engine.requests import GraphQLRequest
from tests.engine import toy
from tests.engine.comparing import WIDE
from tests.subscriptions.listening import answers_of


class Rig:
    """An engine over the toy with its compiled execution."""

    def __init__(self, limits: PlanLimits | None = None) -> None:
        self.told: list[tuple[str, str, str | None]] = []
        self.execution = CompiledExecution(
            toy.SCHEMA, limits, lambda what, reason, name: self.told.append((what, reason, name))
        )
        self.engine = Engine(
            toy.SCHEMA, WIDE, codec=OrjsonCodec(), on_fault=lambda _: None, execution=self.execution
        )

    async def ask(self, query: str, *permissions: str, broken: bool = False, **variables: Any) -> Any:
        self.context = toy.context(*permissions, broken=broken)
        prepared = self.engine.prepare(GraphQLRequest(query, variables=variables))
        return await self.engine.execute(prepared, self.context)


async def test_a_plan_is_made_once_for_each_combination_of_flags() -> None:
    rig = Rig()
    query = "query($yes: Boolean!) { toys(first: 1) { totalCount @include(if: $yes) } }"
    for yes in (True, False, True):
        data = (await rig.ask(query, yes=yes)).data
        assert data == {"toys": {"totalCount": 99} if yes else {}}
    assert len(rig.execution.plans) == 2
    assert rig.execution.compiled == 3
    assert not rig.execution.fallbacks


async def test_plans_are_bounded() -> None:
    rig = Rig(PlanLimits(kept_plans=3))
    for number in range(8):
        await rig.ask(f"{{ toys(first: {number}) {{ totalCount }} }}")
    assert len(rig.execution.plans) == 3


async def test_a_null_flag_is_left_to_the_reference() -> None:
    rig = Rig()
    await rig.ask("query($no: Boolean = false) { toys { totalCount @skip(if: $no) } }", no=None)
    assert rig.told == [("unplanned", "null in @skip or @include", None)]
    assert rig.execution.fallbacks["unplanned", "null in @skip or @include"] == 1


async def test_an_exception_reruns_a_query_and_is_counted() -> None:
    rig = Rig()
    answer = await rig.ask(
        "query Q { toys(first: 2) { edges { node { rival { __typename } } } } }", broken=True
    )
    assert [error["path"][-1] for error in answer.errors] == ["rival", "rival"]
    assert rig.told == [("rerun", "raised RuntimeError", "Q")]


@pytest.mark.parametrize("word", ["work", "jam", "gone", "fault", "broken"])
async def test_a_mutation_runs_once_whatever_becomes_of_it(word: str) -> None:
    rig = Rig()
    query = """mutation($w: String!) {
        work(input: {word: $w}) { __typename ... on Toy { extra maker { name } } } }"""
    answer = await rig.ask(query, w=word)
    assert rig.context.calls == [f"{word} RED"]
    assert bool(answer.errors) == (word in ("fault", "broken"))
    assert bool(rig.execution.fallbacks) == bool(answer.errors)


async def test_mutations_after_a_failed_one_still_run() -> None:
    rig = Rig()
    query = """mutation { a: work(input: {word: "one"}) { __typename }
                          b: orderAbout(input: {word: "two"}) { __typename }
                          c: work(input: {word: "three", colour: GREEN}) { __typename } }"""
    answer = await rig.ask(query)
    assert rig.context.calls == ["one RED", "three GREEN"]
    assert answer.data["b"] is None
    assert [error["path"] for error in answer.errors] == [["b"]]
    assert not rig.execution.fallbacks


async def test_a_denied_field_is_null_with_one_error_at_its_first_place() -> None:
    rig = Rig()
    query = "{ toys(first: 3) { edges { node { name secret mine: secret } } } }"
    answer = await rig.ask(query, toy.BOSS)
    assert [error["path"] for error in answer.errors] == [
        ["toys", "edges", 0, "node", "secret"],
        ["toys", "edges", 0, "node", "mine"],
    ]
    assert all(edge["node"]["secret"] is None for edge in answer.data["toys"]["edges"])
    assert not rig.execution.fallbacks


async def test_what_a_root_field_knows_stays_with_its_own_objects() -> None:
    rig = Rig()
    query = """{ a: toys(first: 1, channel: "x") { ...F } b: toys(first: 1, channel: "y") { ...F } }
               fragment F on ToyConnection { edges { node { channel } } }"""
    data = (await rig.ask(query)).data
    found = [data[key]["edges"][0]["node"]["channel"][0] for key in "ab"]
    assert found == ["x", "y"]


async def test_events_of_a_subscription_are_compiled() -> None:
    rig = Rig()
    answers = await answers_of(
        rig.engine, "subscription { made { name maker { name } secret } }", toy.context()
    )
    assert [answer["data"]["made"]["secret"] for answer in answers] == [None, None, None]
    # Each event is an answer of its own.
    assert [[error["path"] for error in answer["errors"]] for answer in answers] == [[["made", "secret"]]] * 3
    assert (rig.execution.compiled, rig.told) == (3, [])


def nested(depth: int) -> str:
    """Fragments that would double with each step if they were written out."""
    step = "fragment F{} on Toy {{ a: parts {{ ...F{} }} b: parts {{ ...F{} }} }}"
    fragments = [step.format(n, n + 1, n + 1) for n in range(depth)]
    return '{ thing(id: "t1") { ...F0 } } ' + " ".join(fragments) + f" fragment F{depth} on Toy {{ name }}"


def test_planning_is_linear_in_nested_fragments() -> None:
    rig = Rig()
    document = parse(nested(60))
    fragments = {
        one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    assert len(fragments) == 61
    planner = Planner(toy.SCHEMA._schema, rig.execution.sources, fragments, {})
    began = time.process_time()
    planner.plan(document.definitions[0])  # type: ignore[arg-type]
    assert planner.visits < 1_000
    assert planner.fields < 500
    assert time.process_time() - began < 0.05


async def test_planning_gives_up_beyond_its_bounds() -> None:
    for limits in (PlanLimits(max_fields=10), PlanLimits(max_visits=10)):
        rig = Rig(limits)
        fields = " ".join(f"t{n}: toys(first: 1) {{ totalCount }}" for n in range(20))
        answer = await rig.ask(f"{{ {fields} }}")
        assert answer.data["t7"] == {"totalCount": 99}
        assert [what for what, _, _ in rig.told] == ["unplanned"]


def test_a_plan_explains_itself() -> None:
    rig = Rig()
    document = rig.engine.documents.get(
        """query Q($n: Int) { toys(first: $n) { totalCount edges { node {
            name secret maker { name } rival { ... on Toy { name } } } } } }"""
    )
    text = rig.execution.explain(document)
    assert "query Q" in text
    assert "toys: verb tests.engine.toy.toys" in text
    assert "maker: level tests.engine.toy" in text
    assert "audiences: toy:secret" in text
    assert "fallback: none" in text
    assert "introspection" in rig.execution.explain(rig.engine.documents.get("{ __schema { __typename } }"))
