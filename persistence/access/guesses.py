"""Failures of sign-ins, counted under a row lock, so that guesses that come together count as if in a row."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.access.limits import Guessed, Track, forgotten, wait_s
from persistence.jobs import Desk, timer
from persistence.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.access.limits import AccessPolicy
    from persistence.work import Work

_READ = """SELECT subject, failures, last_at, clock_timestamp() AS at FROM guess
            WHERE subject = ANY(:subjects)"""
_LOOK = Statement(_READ)
_LOCK = Statement(f"{_READ} ORDER BY subject FOR UPDATE")
_MAKE = Statement(
    """INSERT INTO guess (subject, failures, last_at)
       SELECT subject, 0, clock_timestamp() FROM unnest(CAST(:subjects AS text[])) AS subject ORDER BY subject
       ON CONFLICT DO NOTHING"""
)
_COUNT = Statement(
    """UPDATE guess SET failures = counted.failures, last_at = clock_timestamp()
         FROM unnest(CAST(:subjects AS text[]), CAST(:failures AS int[])) AS counted (subject, failures)
        WHERE guess.subject = counted.subject"""
)
_FORGET = Statement("DELETE FROM guess WHERE subject = :subject")
_FORGET_OLD = Statement("DELETE FROM guess WHERE last_at < now() - CAST(:age AS interval)")
_FORGET_SPENT = (
    Statement("DELETE FROM sign_in_code WHERE created_at < now() - interval '2 days'"),
    Statement("DELETE FROM spent_proof WHERE expires_at < now() - interval '1 hour'"),
    Statement(
        """DELETE FROM token
            WHERE kind IN ('AGENT', 'CUSTOMER') AND expires_at < now() - interval '30 days'"""
    ),
)


class StoredGuesses:
    """Fills `domain.access.ports.Guesses`."""

    def __init__(self, work: Work, policy: AccessPolicy) -> None:
        self._connection, self._policy = work.connection, policy

    async def wait_s(self, guessed: Sequence[Guessed]) -> int:
        """Seconds until the next guess is looked at."""
        return self._longest(guessed, *await self._tracks(_LOOK, guessed))

    async def confirm_s(self, guessed: Sequence[Guessed]) -> int:
        """The same, behind every failure that is being counted right now."""
        return self._longest(guessed, *await self._tracks(_LOCK, guessed))

    async def fail(self, guessed: Sequence[Guessed]) -> int:
        """Count a failure for each unless one had to wait already."""
        if not guessed:
            return 0
        subjects = sorted(one.subject for one in guessed)
        tracks, now = await self._made(subjects, guessed)
        pause = self._longest(guessed, tracks, now)
        if pause == 0:
            failures = [self._next(tracks[subject], now) for subject in subjects]
            await _COUNT.run(self._connection, subjects=subjects, failures=failures)
        return pause

    async def _made(
        self, subjects: Sequence[str], guessed: Sequence[Guessed]
    ) -> tuple[dict[str, Track], datetime]:
        """The rows of all subjects, locked; who succeeds meanwhile forgets one, and it is made again."""
        while True:
            await _MAKE.run(self._connection, subjects=subjects)
            tracks, now = await self._tracks(_LOCK, guessed)
            if all(subject in tracks for subject in subjects):
                return tracks, now

    async def forget(self, subject: str) -> None:
        """Forget the failures of a subject."""
        await _FORGET.run(self._connection, subject=subject)

    def _next(self, track: Track, now: datetime) -> int:
        return 1 if forgotten(track, now, self._policy) else track.failures + 1

    def _longest(self, guessed: Sequence[Guessed], tracks: dict[str, Track], now: datetime) -> int:
        return max((wait_s(tracks.get(one.subject), one, now, self._policy) for one in guessed), default=0)

    async def _tracks(
        self, statement: Statement, guessed: Sequence[Guessed]
    ) -> tuple[dict[str, Track], datetime]:
        rows = await statement.all(self._connection, subjects=[one.subject for one in guessed])
        now = max((row["at"] for row in rows), default=None)
        if now is None:
            now = await self._connection.fetchval("SELECT clock_timestamp()")
        return {row["subject"]: Track(row["failures"], row["last_at"]) for row in rows}, now


@timer("access.forget", "*/10 * * * *")
async def forget_old(_facts: dict[str, object], desk: Desk) -> None:
    """Remove what nobody asks for any more: old failures, codes, spent proofs and ended sessions."""
    age = timedelta(minutes=desk.settings.guess_memory_minutes)
    async with desk.database.connection() as connection:
        await _FORGET_OLD.run(connection, age=age)
        for statement in _FORGET_SPENT:
            await statement.run(connection)
