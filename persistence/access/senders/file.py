"""The demo's sender: one JSON line for each message, in a file that only its owner may read."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from domain.access.messages import Message
    from persistence.settings import Settings


class Sender:
    """Appends to `messages.jsonl`; lines of several processes do not mix, as each is one `write`."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.messages_path

    async def send(self, message: Message) -> None:
        """Append `{"to", "text", "code"}`."""
        line = orjson.dumps({"to": message.to, "text": message.text, "code": message.code}) + b"\n"
        await asyncio.to_thread(self._append, line)

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)
