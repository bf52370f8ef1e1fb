"""A file of cards on its way in: known by its digest, read in pieces, never held as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Protocol

_LONGEST_NAME = 200


class ReadableFile(Protocol):
    """What came with the request."""

    @property
    def filename(self) -> str:
        """The client's name for it."""

    @property
    def size(self) -> int:
        """In bytes."""

    def chunks(self, size: int = 65_536) -> AsyncIterator[bytes]:
        """The content from its beginning, at most `size` bytes at a time, as often as it is asked for."""


class CardFile:
    """The file, with the SHA-256 of its content; prints as that digest, so equal files are equal requests."""

    def __init__(self, file: ReadableFile, digest: str) -> None:
        self._file, self._digest = file, digest
        self.name = "".join(c for c in file.filename if c.isprintable())[:_LONGEST_NAME]
        self.size = file.size

    @classmethod
    async def of(cls, file: ReadableFile) -> CardFile:
        """Read the file once, for its digest."""
        digest = hashlib.sha256()
        async for chunk in file.chunks():
            digest.update(chunk)
        return cls(file, digest.hexdigest())

    def __repr__(self) -> str:
        return f"CardFile({self._digest})"

    async def pieces(self, size: int) -> AsyncIterator[bytes]:
        """The content in pieces of exactly `size` bytes, the last one shorter."""
        kept = bytearray()
        async for chunk in self._file.chunks(size):
            kept += chunk
            while len(kept) >= size:
                yield bytes(kept[:size])
                del kept[:size]
        if kept:
            yield bytes(kept)
