"""Counts what callers spend: in memory, so that it costs a request microseconds, and between processes by
telling Redis now and then what was spent here and hearing what was spent in all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from hashlib import blake2b
from typing import TYPE_CHECKING
from zlib import crc32

import structlog

from domain.access.budgets import WINDOW_S, Budget, BudgetPolicy, Standing
from persistence.background import running

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from persistence.settings import Settings

MOST_SUBJECTS = 50_000
"""Subjects in memory; beyond it the oldest is forgotten, whose principal is still counted."""
EXCHANGE_S = 0.25
"""Seconds between two exchanges: so long one process does not know what was spent in another."""
RETRY_S = 5.0
"""Seconds until Redis is asked again after it failed; meanwhile each process counts by itself."""
_NAMESPACE = "quanyi-spent"


class _Window:
    """What one subject has spent in one minute."""

    __slots__ = ("elsewhere", "ends_s", "sent", "spent")

    def __init__(self, ends_s: int) -> None:
        self.ends_s = ends_s
        self.spent = self.sent = self.elsewhere = 0


class LocalSpending:
    """Fills `domain.access.budgets.Spending` for one process."""

    def __init__(self, most: int = MOST_SUBJECTS, now_s: Callable[[], float] = time.time) -> None:
        self._windows: dict[str, _Window] = {}
        self._most, self._now_s = most, now_s
        self._swept_s = 0.0

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Nothing has to run for it."""
        yield

    def __len__(self) -> int:
        return len(self._windows)

    def spend(self, budgets: Sequence[Budget], units: int, *, anyway: bool = False) -> Standing:
        """Take units from all budgets or from none."""
        now_s, windows = self._now_s(), []
        remaining, tightest, ends_s = 0, budgets[0], 0
        for budget in budgets:
            window = self._windows.get(budget.subject)
            if window is None or window.ends_s <= now_s:
                window = self._begin(budget.subject, now_s)
            windows.append(window)
            left = budget.per_minute - window.spent - window.elsewhere
            if not ends_s or left < remaining:
                remaining, tightest, ends_s = left, budget, window.ends_s
        refused = units > remaining
        if units and (anyway or not refused):
            remaining -= units
            self._take(budgets, windows, units)
        return Standing(tightest, max(0, remaining), int(ends_s - now_s) + 1, refused)

    def _take(self, budgets: Sequence[Budget], windows: Sequence[_Window], units: int) -> None:
        for window in windows:
            window.spent += units

    def _begin(self, subject: str, now_s: float) -> _Window:
        self._windows.pop(subject, None)
        if len(self._windows) >= self._most:
            self._make_room(now_s)
        # All processes agree on when a subject's minute ends, and not everybody's ends at once.
        shift_s = crc32(subject.encode("utf-8", "surrogatepass")) % WINDOW_S
        ends_s = (int(now_s) + shift_s) // WINDOW_S * WINDOW_S + WINDOW_S - shift_s
        window = self._windows[subject] = _Window(ends_s)
        return window

    def _make_room(self, now_s: float) -> None:
        if now_s - self._swept_s >= 1:
            self._swept_s = now_s
            self._windows = {s: window for s, window in self._windows.items() if window.ends_s > now_s}
        while len(self._windows) >= self._most:
            del self._windows[next(iter(self._windows))]


class SharedSpending(LocalSpending):
    """The same for all processes on one Redis."""

    def __init__(
        self, redis_url: str, most: int = MOST_SUBJECTS, now_s: Callable[[], float] = time.time
    ) -> None:
        super().__init__(most, now_s)
        self._url = redis_url
        self._unsent: dict[str, _Window] = {}

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Exchange with the others until the block ends."""
        # Imported here: who runs without Redis does not wait for it.
        from redis.asyncio import Redis

        async with Redis.from_url(self._url, health_check_interval=15) as redis:
            async with running(spending=lambda: self._run(redis)):
                yield
            with suppress(Exception):
                await self.exchange(redis)

    async def _run(self, redis: Redis) -> None:
        while True:
            try:
                await self.exchange(redis)
                await asyncio.sleep(EXCHANGE_S)
            except Exception as problem:
                structlog.get_logger().warning("spending.retry", problem=type(problem).__name__)
                await asyncio.sleep(RETRY_S)

    async def exchange(self, redis: Redis) -> None:
        """Tell what was spent here since the last time, and hear what was spent in all: one round trip."""
        if not self._unsent:
            return
        unsent, self._unsent = self._unsent, {}
        said = [(subject, window, window.spent - window.sent) for subject, window in unsent.items()]
        try:
            async with redis.pipeline(transaction=False) as pipeline:
                for subject, window, units in said:
                    key = f"{_NAMESPACE}:{_hidden(subject)}:{window.ends_s}"
                    pipeline.incrby(key, units)
                    pipeline.expire(key, 2 * WINDOW_S)
                totals = (await pipeline.execute())[::2]
        except Exception:
            now_s = self._now_s()
            lasting = {subject: window for subject, window in unsent.items() if window.ends_s > now_s}
            self._unsent = {**lasting, **self._unsent}
            raise
        for (_, window, units), total in zip(said, totals, strict=True):
            window.sent += units
            window.elsewhere = max(0, int(total) - window.sent)

    def _take(self, budgets: Sequence[Budget], windows: Sequence[_Window], units: int) -> None:
        for budget, window in zip(budgets, windows, strict=True):
            window.spent += units
            self._unsent[budget.subject] = window


def _hidden(subject: str) -> str:
    """A subject's name without the address or the device in it."""
    return blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


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
