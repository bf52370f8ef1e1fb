"""The store: everything that persistence gives to a process, put together once for all commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persistence.access.authenticator import TokenAuthenticator
from persistence.background import Run, running
from persistence.bells import LocalBell
from persistence.cards.vault import Vault
from persistence.database import Database
from persistence.echoes import PostgresEcho, RedisBell
from persistence.feed import LiveFeed
from persistence.growth import Growth
from persistence.health import Health
from persistence.jobs import Desk
from persistence.keyring import keys_of
from persistence.perform import Performer
from persistence.reads import StoredReads
from persistence.relay import Relay
from persistence.work import Tools
from persistence.worker import Worker

if TYPE_CHECKING:
    from persistence.settings import Settings


@dataclass(slots=True)
class Store:
    """One process's share of the database; `opened` makes it."""

    settings: Settings
    tools: Tools
    database: Database
    bell: LocalBell
    perform: Performer
    reads: StoredReads
    feed: LiveFeed
    authenticator: TokenAuthenticator
    health: Health

    @property
    def desk(self) -> Desk:
        """What jobs get."""
        return Desk(self.database, self.perform, self.tools.vault, self.settings)

    @asynccontextmanager
    async def working(self, *, jobs: bool = True) -> AsyncIterator[None]:
        """Relay events, feed followers, look after statistics and run jobs until the block ends."""
        relay = Relay(self.database, self.bell, notify=self.settings.redis_url is None)
        runs: dict[str, Run] = {
            "relay": relay.run,
            "feed": self.feed.run,
            "growth": Growth(self.database).run,
        }
        if isinstance(self.bell, RedisBell):
            runs["bell"] = self.bell.run
        else:
            runs["echo"] = PostgresEcho(self.database.dsn, self.bell).run
        if jobs:
            runs["worker"] = Worker(self.desk).run
        async with running(**runs):
            yield


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Open the store that the settings name; they hold a `database_url`. Raises KeysUnusable, OSError."""
    assert settings.database_url is not None
    tools = Tools(Vault(keys_of(settings)), settings)
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database_url, settings.pool_size)
        stack.push_async_callback(database.close)
        database.after += [tools.shelf.epochs.over, tools.callers.over]
        bell = await _bell(settings, stack)
        feed = LiveFeed(database, bell)
        yield Store(
            settings=settings,
            tools=tools,
            database=database,
            bell=bell,
            perform=Performer(database, bell, tools),
            reads=StoredReads(database, tools),
            feed=feed,
            authenticator=TokenAuthenticator(database, tools, lambda: feed.heard),
            health=Health(database, feed, settings.account_free_tries),
        )


async def _bell(settings: Settings, stack: AsyncExitStack) -> LocalBell:
    if settings.redis_url is None:
        return LocalBell()
    # Imported here: who runs without Redis does not wait for it.
    from redis.asyncio import Redis

    redis: Redis = Redis.from_url(settings.redis_url, health_check_interval=15)
    stack.push_async_callback(redis.aclose)
    return RedisBell(redis)
