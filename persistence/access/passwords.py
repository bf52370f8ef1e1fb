"""Argon2id in threads of its own, so that others feel neither one sign-in nor a flood of them."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.refusals import TooManyAttempts

T = TypeVar("T")


class Passwords:
    """Hashes and verifies, `threads` at a time; when `queue` wait already, others are sent away."""

    def __init__(self, memory_kib: int, passes: int, threads: int, queue: int) -> None:
        self._hasher = PasswordHasher(memory_cost=memory_kib, time_cost=passes, parallelism=1)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads + queue
        self._nobody = _hash_of_nobody(memory_kib, passes)

    async def hash(self, password: str) -> str:
        """The encoded hash; raises TooManyAttempts when too many wait already."""
        return await self._apart(lambda: self._hasher.hash(_bytes(password)))

    async def matches(self, encoded: str | None, password: str) -> bool:
        """Whether the password is right; without a hash the same work is done for nothing."""
        right = await self._apart(lambda: self._verify(encoded or self._nobody, password))
        return right and encoded is not None

    def outdated(self, encoded: str) -> bool:
        """Whether the hash was made with other parameters."""
        return self._hasher.check_needs_rehash(encoded)

    def _verify(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _apart(self, work: Callable[[], T]) -> T:
        if self._room <= 0:
            raise TooManyAttempts(1)
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._room += 1


@lru_cache(maxsize=8)
def passwords(memory_kib: int, passes: int, threads: int, queue: int) -> Passwords:
    """The one hasher of the process for these settings."""
    return Passwords(memory_kib, passes, threads, queue)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _hash_of_nobody(memory_kib: int, passes: int) -> str:
    """An encoded hash that no password has, at the same cost as a real one."""
    salt, digest = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${digest}"
