"""Operations are counted by kind and outcome, and one that takes too long is given up."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import strawberry

from resolvers.http.codec import OrjsonCodec
from resolvers.site.meters import MeteredEngine, exposition
from schema.engine.refused import RequestRefused
from schema.engine.requests import GraphQLRequest

VITALS = {"pool_connections": 2, "pool_in_use": 1, "feed_followers": 0}


@strawberry.type
class Query:
    """What this test asks."""

    @strawberry.field
    async def slow(self) -> int:
        """Never comes."""
        await asyncio.sleep(60)
        return 1

    @strawberry.field
    async def quick(self) -> int:
        """Comes at once."""
        return 1

    @strawberry.field
    async def broken(self) -> int | None:
        """Falls."""
        raise RuntimeError("canary-7Q4Z")


def engine_of(operation_s: float) -> MeteredEngine:
    return MeteredEngine(
        strawberry.Schema(Query), codec=OrjsonCodec(), on_fault=lambda _: None, operation_s=operation_s
    )


@pytest.fixture
def engine() -> MeteredEngine:
    return engine_of(30)


async def asked(engine: MeteredEngine, document: str) -> Any:
    prepared = engine.prepare(GraphQLRequest(document))
    return orjson.loads((await engine.execute(prepared, SimpleNamespace(request_id="r"))).body)


def counted(kind: str, outcome: str) -> float:
    prefix = f'quanyi_operations_total{{kind="{kind}",outcome="{outcome}"}} '
    lines = exposition({"jobs_held": 3}, VITALS).decode().splitlines()
    return sum(float(line.removeprefix(prefix)) for line in lines if line.startswith(prefix))


@pytest.mark.parametrize(("document", "outcome"), [("{ quick }", "ok"), ("{ broken }", "fault")])
async def test_an_operation_counts_once_by_its_outcome(
    engine: MeteredEngine, document: str, outcome: str
) -> None:
    before = counted("query", outcome)
    await asked(engine, document)
    assert counted("query", outcome) == before + 1


async def test_what_is_refused_before_it_runs_is_counted_too(engine: MeteredEngine) -> None:
    before = counted("unknown", "refused")
    with pytest.raises(RequestRefused):
        engine.prepare(GraphQLRequest("{ nothing }"))
    assert counted("unknown", "refused") == before + 1


async def test_an_operation_that_takes_too_long_is_given_up() -> None:
    answer = await asked(engine_of(0.05), "{ slow }")
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "TIMED_OUT"


def test_numbers_of_the_database_and_of_the_process_are_shown() -> None:
    text = exposition({"jobs_held": 3}, VITALS).decode()
    assert "quanyi_jobs_held 3.0" in text
    assert "quanyi_pool_in_use 1.0" in text
