"""One-time codes, of which only a hash is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.access.records import CodeRecord, CodesAsked
from domain.ids import new_id
from persistence.statements import Statement

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from persistence.work import Work

# Whoever asks for the same identifier at the same moment queues here, so that the pause holds for both.
_QUEUE = Statement("SELECT pg_advisory_xact_lock(hashtextextended(encode(:identifier, 'hex'), 7))")
_ASKED = Statement(
    """SELECT count(*) AS count, min(created_at) AS first_at, max(created_at) AS last_at FROM sign_in_code
        WHERE identifier_hmac = :identifier AND created_at > :since"""
)
_ADD = Statement(
    """INSERT INTO sign_in_code (id, channel_id, identifier_hmac, code_hmac, expires_at)
       VALUES (:id, :channel_id, :identifier, :code, :expires_at)"""
)
_NEWEST = Statement(
    """SELECT id, code_hmac, failures, expires_at, used_at FROM sign_in_code
        WHERE identifier_hmac = :identifier AND channel_id = :channel_id
        ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE"""
)
_FAILED = Statement("UPDATE sign_in_code SET failures = failures + 1 WHERE id = :id")
_USED = Statement("UPDATE sign_in_code SET used_at = now() WHERE id = :id")


class StoredCodes:
    """Fills `domain.access.ports.SignInCodes`."""

    def __init__(self, work: Work) -> None:
        self._connection = work.connection

    async def asked(self, identifier_hmac: bytes, since: datetime) -> CodesAsked:
        """How many codes were asked for an identifier since a moment."""
        await _QUEUE.run(self._connection, identifier=identifier_hmac)
        row = await _ASKED.one(self._connection, identifier=identifier_hmac, since=since)
        assert row is not None
        return CodesAsked(**dict(row))

    async def add(
        self, channel_id: UUID, identifier_hmac: bytes, code_hmac: bytes, expires_at: datetime
    ) -> None:
        """Write a new code."""
        await _ADD.run(
            self._connection,
            id=new_id(),
            channel_id=channel_id,
            identifier=identifier_hmac,
            code=code_hmac,
            expires_at=expires_at,
        )

    async def newest(self, channel_id: UUID, identifier_hmac: bytes) -> CodeRecord | None:
        """The newest code, locked."""
        row = await _NEWEST.one(self._connection, channel_id=channel_id, identifier=identifier_hmac)
        return None if row is None else CodeRecord(**dict(row))

    async def failed(self, code_id: UUID) -> None:
        """Count a wrong guess."""
        await _FAILED.run(self._connection, id=code_id)

    async def used(self, code_id: UUID) -> None:
        """Spend a code."""
        await _USED.run(self._connection, id=code_id)
