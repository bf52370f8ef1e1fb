"""A shop whose statements are listened to: what costs a round trip is seen, whoever asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from persistence.database import Database
from tests.orders.shop import Shop


class Ears:
    """A connection that remembers what is asked of it."""

    def __init__(self, connection: Any, said: list[str]) -> None:
        self._connection, self._said = connection, said

    def __getattr__(self, name: str) -> Any:
        asks = getattr(self._connection, name)
        if name not in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
            return asks

        def ask(query: str, *values: Any) -> Any:
            self._said.append(query)
            return asks(query, *values)

        return ask


@dataclass
class Overheard(Database):
    """The same database, whose transactions are listened to."""

    said: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with super().transaction() as connection:
            yield Ears(connection, self.said)


def overheard(shop: Shop) -> tuple[Shop, list[str]]:
    database = Overheard(shop.database.pool, shop.database.dsn)
    return replace(shop, database=database), database.said
