"""Uploaded files on their way from the socket to a resolver: in memory while small, veiled on disk beyond."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from tempfile import SpooledTemporaryFile

from schema.engine.refused import refusal

Veil = Callable[[int, bytes], bytes]
"""Makes what lies at an offset unreadable, and readable again: a stream cipher under a key of that file."""

NewVeil = Callable[[], Veil]


class SpooledUpload:
    """One file of a multipart request (an UploadedFile).

    It may hold card secrets, so nothing of it reaches the disk but through the veil.
    """

    def __init__(self, filename: str, content_type: str, spool_bytes: int, veil: Veil) -> None:
        # Old browsers send whole paths; only the last part names the file.
        self.filename = filename.replace("\\", "/").rpartition("/")[2]
        self.content_type = content_type
        self.size = 0
        self._spool_bytes = spool_bytes
        self._veil = veil
        self._file = SpooledTemporaryFile(max_size=spool_bytes)  # noqa: SIM115 - closed by close()

    async def write(self, data: bytes) -> None:
        """Append; only what goes to disk leaves the event loop."""
        data = self._veil(self.size, data)
        self.size += len(data)
        if self.size > self._spool_bytes:
            await asyncio.to_thread(self._file.write, data)
        else:
            self._file.write(data)

    async def chunks(self, size: int = 65_536) -> AsyncIterator[bytes]:
        """The content from its beginning, at most `size` bytes at a time."""
        at = 0
        while data := await self._read_at(at, size):
            at += len(data)
            yield data

    async def read(self) -> bytes:
        """The whole content."""
        return await self._read_at(0, -1)

    def close(self) -> None:
        """Remove it."""
        self._file.close()

    async def _read_at(self, at: int, size: int) -> bytes:
        def read() -> bytes:
            self._file.seek(at)
            return self._veil(at, self._file.read(size))

        return await asyncio.to_thread(read) if self.size > self._spool_bytes else read()


class Uploads:
    """The files of one request, by the names of their parts."""

    def __init__(self, max_files: int, spool_bytes: int, new_veil: NewVeil) -> None:
        self.files: dict[str, SpooledUpload] = {}
        self._new_veil = new_veil
        self._max_files = max_files
        self._spool_bytes = spool_bytes

    def add(self, name: str, filename: str, content_type: str) -> SpooledUpload:
        """A new empty file."""
        if name in self.files:
            raise refusal("BAD_REQUEST", f"Two files are called '{name}': give each a name of its own.")
        if len(self.files) >= self._max_files:
            message = f"At most {self._max_files} files can come with one request."
            raise refusal("PAYLOAD_TOO_LARGE", message, status=413, limit=self._max_files)
        self.files[name] = SpooledUpload(filename, content_type, self._spool_bytes, self._new_veil())
        return self.files[name]

    def close(self) -> None:
        """Remove all of them."""
        for file in self.files.values():
            file.close()
