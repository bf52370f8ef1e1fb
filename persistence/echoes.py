"""Echoes: carry the ringing of a bell to the other processes, over PostgreSQL or over Redis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from persistence.bells import EVENTS, OUTBOX, LocalBell
from persistence.database import plain_dsn

if TYPE_CHECKING:
    from redis.asyncio import Redis

TOPICS = (OUTBOX, EVENTS)

RETRY_S = 1.0
"""Pause before a lost connection is opened again, seconds; meanwhile the slow polls deliver."""


class PostgresEcho:
    """Rings here what the relay of another process notified: NOTIFY is sent once for each batch."""

    def __init__(self, dsn: str, bell: LocalBell) -> None:
        self._dsn, self._bell = dsn, bell

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                structlog.get_logger().warning("echo.retry", problem=type(problem).__name__)
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(plain_dsn(self._dsn))
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            await connection.add_listener(EVENTS, lambda *_: self._bell.ring(EVENTS))
            self._bell.ring(EVENTS)
            await ended.wait()
        finally:
            await connection.close(timeout=2)


class RedisBell(LocalBell):
    """A bell that every process on the same Redis hears."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis
        self._wanted: set[str] = set()
        self._wake = asyncio.Event()

    def ring(self, topic: str) -> None:
        """Wake this process at once and the others through Redis; rings in quick succession become one."""
        super().ring(topic)
        self._wanted.add(topic)
        self._wake.set()

    async def run(self) -> None:
        """Publish and listen until cancelled; while Redis is away only the polls of the others are slow."""
        await asyncio.gather(self._publish(), self._hear())

    async def _publish(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            topics, self._wanted = self._wanted, set()
            try:
                for topic in topics:
                    await self._redis.publish(topic, b"")
            except Exception as problem:
                structlog.get_logger().warning("bell.retry", problem=type(problem).__name__)
                await asyncio.sleep(RETRY_S)

    async def _hear(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(*TOPICS)
                    for topic in TOPICS:
                        super().ring(topic)
                    async for message in pubsub.listen():
                        self._heard(message)
            except Exception as problem:
                structlog.get_logger().warning("bell.retry", problem=type(problem).__name__)
            await asyncio.sleep(RETRY_S)

    def _heard(self, message: dict[str, Any]) -> None:
        if message["type"] == "message":
            channel = message["channel"]
            super().ring(channel.decode() if isinstance(channel, bytes) else channel)
