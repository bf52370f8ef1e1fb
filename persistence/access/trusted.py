"""Trusted documents: what front ends of a channel may ask, registered beforehand by whoever builds them."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.refusals import NotFound
from persistence.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from domain.access.callers import Caller
    from persistence.database import Database

SETTING = "trustedDocumentsOnly"
"""The channel setting, inherited by the channels below."""

TRUSTED_ONLY = f"""COALESCE((SELECT up.settings -> '{SETTING}' = 'true' FROM channel up
  WHERE up.id = ANY(c.path) AND up.settings ? '{SETTING}'
  ORDER BY cardinality(up.path) DESC LIMIT 1), false)"""
"""Whether front ends of the channel `c` run registered documents only, as the nearest channel says."""

_FIND = Statement(
    """SELECT text FROM trusted_document
        WHERE channel_id = ANY(:path) AND (id = :id OR sha256 = :sha256)
        ORDER BY array_position(CAST(:path AS uuid[]), channel_id) DESC LIMIT 1"""
)
_CHANNEL = Statement("SELECT id FROM channel WHERE code = :code FOR UPDATE")
_WITHDRAW = Statement("DELETE FROM trusted_document WHERE channel_id = :channel_id AND id <> ALL(:ids)")
_REGISTER = Statement(
    """INSERT INTO trusted_document (channel_id, id, sha256, text)
       SELECT :channel_id, id, sha256(convert_to(text, 'UTF8')), text
         FROM unnest(CAST(:ids AS text[]), CAST(:texts AS text[])) AS made (id, text)
       ON CONFLICT (channel_id, id) DO UPDATE SET text = EXCLUDED.text, sha256 = EXCLUDED.sha256
        WHERE trusted_document.text <> EXCLUDED.text"""
)
_LIMIT = Statement(
    f"""UPDATE channel SET settings = settings || jsonb_build_object('{SETTING}', CAST(:only AS bool))
         WHERE id = :channel_id"""
)
_HASH = re.compile("(?:sha256:)?([0-9a-f]{64})")
_REMEMBERED_S = 30.0
"""How long a process goes on to run a document that was withdrawn."""

_MOST = 5_000


class _Found(NamedTuple):
    at_s: float
    """By the monotonic clock."""
    text: str


class StoredTrustedDocuments:
    """Fills `domain.access.ports.TrustedDocuments`; found documents are remembered for a while."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: OrderedDict[tuple[UUID | None, str], _Found] = OrderedDict()

    async def text_of(self, caller: Caller, document_id: str) -> str | None:
        """The document for the caller's channel or one above it."""
        if not caller.channel_path:
            return None
        key, now_s = (caller.channel_id, document_id), time.monotonic()
        known = self._found.get(key)
        if known is not None and now_s - known.at_s < _REMEMBERED_S:
            return known.text
        hashed = _HASH.fullmatch(document_id)
        async with self._database.connection() as connection:
            text = await _FIND.value(
                connection,
                path=list(caller.channel_path),
                id=document_id.removeprefix("sha256:"),
                sha256=bytes.fromhex(hashed[1]) if hashed else b"",
            )
        self._found.pop(key, None)
        if text is None:
            return None
        self._found[key] = _Found(now_s, text)
        if len(self._found) > _MOST:
            self._found.popitem(last=False)
        return self._found[key].text


async def trust(
    database: Database, channel: str, texts: Mapping[str, str], *, only: bool | None, replace: bool
) -> tuple[int, int]:
    """Register documents by their ids for a channel (a code) and those below it; NotFound for no channel.

    `only` says whether its front ends run nothing else from now on, None leaves that as it is; `replace`
    withdraws what was registered before and is not among them. Answers how many are new or have another text,
    and how many were withdrawn.
    """
    async with database.connection() as connection, connection.transaction():
        channel_id: Any = await _CHANNEL.value(connection, code=channel)
        if channel_id is None:
            raise NotFound("channel", "channel")
        ids = list(texts)
        withdrawn = await _WITHDRAW.run(connection, channel_id=channel_id, ids=ids) if replace else 0
        registered = await _REGISTER.run(
            connection, channel_id=channel_id, ids=ids, texts=list(texts.values())
        )
        if only is not None:
            await _LIMIT.run(connection, channel_id=channel_id, only=only)
    return registered, withdrawn
