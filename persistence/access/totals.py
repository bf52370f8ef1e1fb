"""What all processes spent, counted in Redis as the library `limits` counts there, for many subjects at once.

The library's own `incr` is a call for each subject, with a round trip of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

NAMESPACE = "quanyi-spent"
MOST_AT_ONCE = 250
"""Counters in one call: so many keep Redis, which does one thing at a time, for half a millisecond."""

# What `limits` does to one key, for all of them. The sums come back as one text, since a client reads a list
# of numbers one by one.
_ADD = """
local sums = {}
for n, key in ipairs(KEYS) do
    local units = ARGV[n + 1]
    local sum = redis.call("incrby", key, units)
    if sum == tonumber(units) then
        redis.call("expire", key, ARGV[1])
    end
    sums[n] = string.format("%d", sum)
end
return table.concat(sums, " ")
"""


class Totals:
    """The counters in one Redis."""

    def __init__(self, redis: Redis) -> None:
        self._add = redis.register_script(_ADD)

    async def add(self, names: Sequence[str], units: Sequence[int], lasting_s: int) -> list[int]:
        """Count so many units more under each name, and say what is counted there now.

        A counter that begins lasts for `lasting_s`. There are at most `MOST_AT_ONCE` names, each once.
        """
        keys = [f"{NAMESPACE}:{name}" for name in names]
        sums: bytes = await self._add(keys, [lasting_s, *units])
        return [int(each) for each in sums.split()]


@asynccontextmanager
async def totals_in(redis_url: str) -> AsyncIterator[Totals]:
    """The counters of the Redis at an address."""
    # Imported here: who runs without Redis does not wait for it.
    from redis.asyncio import Redis

    async with Redis.from_url(redis_url, health_check_interval=15) as redis:
        yield Totals(redis)
