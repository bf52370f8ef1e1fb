"""Counts what callers spend with the library `limits`: in memory, so that it costs microseconds, and between
processes by telling Redis now and then what was spent here and hearing what was spent in all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any

import structlog
from limits import RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from domain.access.budgets import WINDOW_S, Budget, BudgetPolicy, Standing
from persistence.access.totals import MOST_AT_ONCE, Totals, totals_in
from persistence.access.windows import Window, Windows
from persistence.background import running

if TYPE_CHECKING:
    from persistence.settings import Settings

MOST_SUBJECTS = 50_000
"""Subjects in memory; beyond it the oldest is forgotten, whose principal is still counted."""
EXCHANGE_S = 0.25
"""Seconds between two exchanges: so long one process does not know what was spent in another."""
EXCHANGE_SHARE = 0.2
"""The largest part of the time that is spent exchanging: with many subjects it is done less often."""
RETRY_S = 5.0
"""Seconds until Redis is asked again after it failed; meanwhile each process counts by itself."""


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

    async def _run(self, totals: Totals) -> None:
        while True:
            try:
                began_s = time.perf_counter()
                await self.exchange(totals)
                took_s = time.perf_counter() - began_s
                await asyncio.sleep(max(EXCHANGE_S, took_s / EXCHANGE_SHARE - took_s))
            except Exception as problem:
                structlog.get_logger().warning("spending.retry", problem=type(problem).__name__)
                await asyncio.sleep(RETRY_S)

    async def exchange(self, totals: Totals) -> None:
        """Tell what was spent here since the last time, and hear what was spent in all.

        What could not be told is told the next time, unless its minute is over; what was told and not
        answered counts twice until then.
        """
        untold, self._windows.untold = self._windows.untold, {}
        try:
            while some := list(islice(untold.items(), MOST_AT_ONCE)):
                await self._tell(totals, some)
                for key, _ in some:
                    del untold[key]
        finally:
            now_s = self._now_s()
            lasting = {key: window for key, window in untold.items() if window.ends_s > now_s}
            self._windows.untold = {**lasting, **self._windows.untold}

    async def _tell(self, totals: Totals, spent: Sequence[tuple[str, Window]]) -> None:
        names = [f"{_hidden(key)}:{window.ends_s}" for key, window in spent]
        units = [window.here - window.told for _, window in spent]
        sums = await totals.add(names, units, 2 * WINDOW_S)
        for (_, window), added, total in zip(spent, units, sums, strict=True):
            window.told += added
            window.elsewhere = max(0, total - window.told)


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
