"""The bare program: asyncpg and nothing else, following the recipe of a request; a process of its own.

python -m benchmarks.bare PLAN MEASURED     a file that is pickled, and one of JSON
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.recording import Block, Call, Cell, Each, Fresh, Recipe
from domain.ids import new_id
from persistence.database import Database


@dataclass
class BarePlan:
    """Which recipes to follow, in turn; `brought` holds what each repetition gets, and limits them."""

    dsn: str
    pool_size: int
    recipes: list[Recipe]
    clients: int
    seconds: float
    count: int
    brought: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Repetition:
    """One request: what it made, and what it was answered."""

    brought: dict[str, Any]
    fresh: dict[int, Any] = field(default_factory=dict)
    answers: dict[int, Any] = field(default_factory=dict)

    def filled(self, part: Any) -> Any:
        """An argument of this repetition."""
        if isinstance(part, list):
            return [self.filled(one) for one in part]
        if isinstance(part, Fresh):
            if part.number not in self.fresh:
                made = new_id()
                self.fresh[part.number] = made.hex if part.text else made
            return self.fresh[part.number]
        if isinstance(part, Cell):
            return self.answers[part.call][part.row][part.column]
        return self.brought[part.name] if isinstance(part, Each) else part


async def follow(pool: Any, recipe: Recipe, repetition: Repetition) -> None:
    """Do what one request does."""
    for block in recipe:
        async with pool.acquire() as connection:
            if block.transactional:
                async with connection.transaction():
                    await _calls(connection, block, repetition)
            else:
                await _calls(connection, block, repetition)


async def _calls(connection: Any, block: Block, repetition: Repetition) -> None:
    for call in block.calls:
        answer = await _call(connection, call, repetition.filled(call.arguments))
        if call.method == "fetch":
            repetition.answers[call.number] = answer
        elif call.method == "fetchrow":
            repetition.answers[call.number] = [answer]
        elif call.method == "fetchval":
            repetition.answers[call.number] = [[answer]]


async def _call(connection: Any, call: Call, arguments: list[Any]) -> Any:
    return await getattr(connection, call.method)(call.sql, *arguments)


async def run(plan: BarePlan) -> dict[str, Any]:
    """Follow the recipes with all clients; latencies, the time, and this process's processor seconds."""
    database = await Database.open(plan.dsn, plan.pool_size)
    latencies_s: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    feed = _feed(plan, began + plan.seconds)

    async def client() -> None:
        for recipe, repetition in feed:
            asked = time.perf_counter()
            await follow(database.pool, recipe, repetition)
            latencies_s.append(time.perf_counter() - asked)

    async with asyncio.TaskGroup() as clients:
        for _ in range(plan.clients):
            clients.create_task(client())
    figures = {
        "latencies_s": latencies_s,
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
    }
    await database.close()
    return figures


def _feed(plan: BarePlan, ends_at: float) -> Iterator[tuple[Recipe, Repetition]]:
    count = min(plan.count, len(plan.brought)) if plan.brought else plan.count
    for number in range(count):
        if time.perf_counter() >= ends_at:
            return
        brought = plan.brought[number] if plan.brought else {}
        yield plan.recipes[number % len(plan.recipes)], Repetition(brought)


def main(plan: str, measured: str) -> None:
    """Read the plan, follow it, tell."""
    figures = uvloop.run(run(pickle.loads(Path(plan).read_bytes())))
    Path(measured).write_text(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
