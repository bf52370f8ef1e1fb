"""Measures what the worst documents of a thousand tokens cost until they are refused or planned.

python -m benchmarks.limits [--rounds N] [--most N]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import NamedTuple

import server
from benchmarks.hostile import Hostile, everything
from domain.access import permissions
from persistence.settings import Settings
from schema.engine.compiled.execution import CompiledExecution
from schema.engine.engine import Engine
from schema.engine.refused import RequestRefused
from schema.engine.requests import parse_json, read_request

ROUNDS = 5
EVERYBODY = frozenset(
    value for value in vars(permissions).values() if isinstance(value, str) and ":" in value
)


class Cost(NamedTuple):
    """What one request took, the best of several rounds: others use the machine too."""

    took_s: float
    name: str
    outcome: str


class Bench:
    """The engine of all areas, with no database behind it: nothing is executed."""

    def __init__(self) -> None:
        self.engine: Engine = server.build_engine(Settings(demo=True))
        execution = self.engine._execution
        assert isinstance(execution, CompiledExecution)
        self.execution: CompiledExecution = execution
        gc.collect()
        gc.freeze()

    def worst(self, rounds: int = ROUNDS) -> list[Cost]:
        """Every hostile request, the dearest first."""
        return sorted((self.cost(one, rounds) for one in everything(self.engine.schema)), reverse=True)

    def cost(self, one: Hostile, rounds: int) -> Cost:
        """From the body's bytes to the refusal or the compiled function."""
        said = {"query": one.text, "operationName": one.operation, "variables": one.variables}
        body = self.engine.codec.encode(said)
        tried, outcome = [], ""
        for _ in range(rounds):
            self.engine.documents.forget()
            self.execution.plans.clear()
            began_s = time.process_time()
            outcome = self._prepare(body)
            tried.append(time.process_time() - began_s)
        return Cost(min(tried), one.name, outcome)

    def _prepare(self, body: bytes) -> str:
        try:
            request = read_request(parse_json(self.engine.codec, body))
            prepared = self.engine.prepare(request)
        except RequestRefused as refused:
            return refused.code
        if prepared.operation.introspects:
            return "answered in a thread"
        caller = SimpleNamespace(permissions=EVERYBODY)
        plan = self.execution.plan_of(prepared, SimpleNamespace(caller=caller))
        return "left to graphql-core" if plan is None else "planned"


def calibrated_s() -> float:
    """A fixed piece of work, to compare machines and moments by."""

    def work() -> None:
        total = 0
        for number in range(200_000):
            total += number % 7

    return min(_timed_s(work) for _ in range(ROUNDS))


def _timed_s(work: Callable[[], None]) -> float:
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


async def longest_pause_s(bench: Bench, document: str) -> float:
    """For how long the event loop hears nothing while a document is executed."""
    context = SimpleNamespace(caller=SimpleNamespace(permissions=EVERYBODY), request_id="", denied=set())
    prepared = bench.engine.prepare(read_request({"query": document}))
    asked = asyncio.create_task(bench.engine.execute(prepared, context))
    longest_s = 0.0
    while not asked.done():
        began_s = time.perf_counter()
        await asyncio.sleep(0.001)
        longest_s = max(longest_s, time.perf_counter() - began_s - 0.001)
    return longest_s


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the dearest."""
    parser = argparse.ArgumentParser("benchmarks.limits", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="How often each is tried.")
    parser.add_argument("--most", type=int, default=15, help="How many are shown.")
    said = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    bench = Bench()
    found = bench.worst(said.rounds)
    print(
        f"200,000 turns of a plain loop: {calibrated_s() * 1e3:.1f} ms. {len(found)} documents, the dearest:"
    )
    for cost in found[: said.most]:
        print(f"{cost.took_s * 1e3:8.1f} ms  {cost.name} ({cost.outcome})")
    whole = next(one.text for one in everything(bench.engine.schema) if one.name == "the whole schema")
    paused_s = asyncio.run(longest_pause_s(bench, whole))
    print(f"the whole schema is answered; the event loop waits for {paused_s * 1e3:.1f} ms at most meanwhile")


if __name__ == "__main__":
    main()
