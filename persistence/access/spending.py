"""Counts what callers spend with the library `limits`: in memory, so that it costs microseconds, and between
processes by telling Redis now and then what was spent here and hearing what was spent in all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import structlog
from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from domain.access.budgets import WINDOW_S, Budget, BudgetPolicy, Standing
from persistence.access.windows import Window, Windows
from persistence.background import running

if TYPE_CHECKING:
    from limits.aio.storage import Storage

    from persistence.settings import Settings

MOST_SUBJECTS = 50_000
"""Subjects in memory; beyond it the oldest is forgotten, whose principal is still counted."""
EXCHANGE_S = 0.25
"""Seconds between two exchanges: so long one process does not know what was spent in another."""
EXCHANGE_SHARE = 0.2
"""The largest part of the time that is spent exchanging: with many subjects it is done less often."""
RETRY_S = 5.0
"""Seconds until Redis is asked again after it failed; meanwhile each process counts by itself."""
_CONNECTIONS = 8
_NAMESPACE = "quanyi-spent"


class _PerMinute(RateLimitItemPerMinute):
    """So many units a minute of one subject, which knows its key: it is asked for fifteen times a request."""

    __slots__ = ("_key",)

    def __init__(self, amount: int, subject: str) -> None:
        super().__init__(amount, namespace=subject)
        self._key = super().key_for()

    def key_for(self, *identifiers: Any) -> str:
        """Under which key it is counted."""
        return super().key_for(*identifiers) if identifiers else self._key


@lru_cache(maxsize=MOST_SUBJECTS)
def _item(subject: str, per_minute: int) -> _PerMinute:
    return _PerMinute(per_minute, subject)


class LocalSpending:
    """Fills `domain.access.budgets.Spending` for one process."""

    def __init__(
        self, most: int = MOST_SUBJECTS, now_s: Callable[[], float] = time.time, *, telling: bool = False
    ) -> None:
        self._windows = Windows(WINDOW_S, most, now_s, telling=telling)
        self._limiter = FixedWindowRateLimiter(self._windows)
        self._now_s = now_s

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Nothing has to run for it."""
        yield

    def __len__(self) -> int:
        return len(self._windows)

    def spend(self, budgets: Sequence[Budget], units: int, *, anyway: bool = False) -> Standing:
        """Take units from all budgets or from none."""
        limiter = self._limiter
        items = [_item(budget.subject, budget.per_minute) for budget in budgets]
        remaining, tightest, ends_s = -1, budgets[0], 0.0
        for budget, item in zip(budgets, items, strict=True):
            reset_s, left = limiter.get_window_stats(item)
            if remaining < 0 or left < remaining:
                remaining, tightest, ends_s = left, budget, reset_s
        refused = units > remaining
        if units and (anyway or not refused):
            remaining = max(0, remaining - units)
            for item in items:
                limiter.hit(item, cost=units)
        return Standing(tightest, remaining, max(0, int(ends_s - self._now_s())) + 1, refused)


class SharedSpending(LocalSpending):
    """The same for all processes on one Redis."""

    def __init__(
        self, redis_url: str, most: int = MOST_SUBJECTS, now_s: Callable[[], float] = time.time
    ) -> None:
        super().__init__(most, now_s, telling=True)
        self._url = redis_url

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Exchange with the others until the block ends."""
        async with totals_in(self._url) as totals:
            async with running(spending=lambda: self._run(totals)):
                yield
            with suppress(Exception):
                await self.exchange(totals)

    async def _run(self, totals: Storage) -> None:
        while True:
            try:
                began_s = time.perf_counter()
                await self.exchange(totals)
                took_s = time.perf_counter() - began_s
                await asyncio.sleep(max(EXCHANGE_S, took_s / EXCHANGE_SHARE - took_s))
            except Exception as problem:
                structlog.get_logger().warning("spending.retry", problem=type(problem).__name__)
                await asyncio.sleep(RETRY_S)

    async def exchange(self, totals: Storage) -> None:
        """Tell what was spent here since the last time, and hear what was spent in all.

        What could not be told is told the next time, unless its minute is over.
        """
        untold, self._windows.untold = self._windows.untold, {}
        waiting = iter(list(untold.items()))
        try:
            tellers = (self._tell(totals, waiting, untold) for _ in range(min(_CONNECTIONS, len(untold))))
            for outcome in await asyncio.gather(*tellers, return_exceptions=True):
                if outcome is not None:
                    raise outcome
        finally:
            now_s = self._now_s()
            lasting = {key: window for key, window in untold.items() if window.ends_s > now_s}
            self._windows.untold = {**lasting, **self._windows.untold}

    async def _tell(
        self, totals: Storage, waiting: Iterator[tuple[str, Window]], untold: dict[str, Window]
    ) -> None:
        for key, window in waiting:
            units = window.here - window.told
            total = await totals.incr(f"{_hidden(key)}:{window.ends_s}", 2 * WINDOW_S, units)
            window.told += units
            window.elsewhere = max(0, total - window.told)
            del untold[key]


@asynccontextmanager
async def totals_in(redis_url: str) -> AsyncIterator[Storage]:
    """What all processes spent, as `limits` counts it in Redis."""
    # Imported here: who runs without Redis does not wait for it.
    from limits.aio.storage import RedisStorage
    from redis.asyncio import Redis

    async with Redis.from_url(redis_url, health_check_interval=15) as redis:
        pool: Any = redis.connection_pool
        # The pool knows the address; `limits` reads fewer forms of it than redis does.
        yield RedisStorage(
            "async+redis://", implementation="redispy", key_prefix=_NAMESPACE, connection_pool=pool
        )


def _hidden(key: str) -> str:
    """A key without the address or the device in it."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def spending_of(settings: Settings) -> LocalSpending:
    """What the settings ask for: shared where there is Redis."""
    return LocalSpending() if settings.redis_url is None else SharedSpending(settings.redis_url)


def policy_of(settings: Settings) -> BudgetPolicy:
    """The sizes that the settings name."""
    return BudgetPolicy(
        storefront=settings.budget_storefront,
        customer=settings.budget_customer,
        agent=settings.budget_agent,
        api_client=settings.budget_api_client,
        address=settings.budget_address,
        device=settings.budget_device,
    )
