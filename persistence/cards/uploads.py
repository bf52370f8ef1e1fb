"""Uploaded files while they wait: sealed piece by piece in the database, opened piece by piece in memory."""

from __future__ import annotations

import asyncio
import io
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from domain.cards.batches.uploads import CardFile
    from persistence.cards.vault import Vault, WrappedKey
    from persistence.database import Database

PIECE_BYTES = 1 << 18
_KEPT_PIECES = 8
_FETCH_S = 20.0

_WRITE = Statement(
    "INSERT INTO upload_chunk (batch_id, number, ciphertext) VALUES (:batch_id, :number, :ciphertext)"
)
_READ = Statement("SELECT ciphertext FROM upload_chunk WHERE batch_id = :batch_id AND number = :number")


class UploadLost(Exception):
    """A piece of the file is not there any more."""


async def keep_upload(
    connection: Connection, vault: Vault, key: WrappedKey, batch_id: UUID, file: CardFile
) -> None:
    """Write the file's pieces, each sealed for its place under the batch's data key."""
    number = 0
    async for piece in file.pieces(PIECE_BYTES):
        sealed = vault.seal_piece(key, batch_id, number, piece)
        await _WRITE.run(connection, batch_id=batch_id, number=number, ciphertext=sealed)
        number += 1


class PieceFetcher:
    """Reads pieces for a thread; the event loop that made it does the reading."""

    def __init__(self, database: Database, vault: Vault, key: WrappedKey, batch_id: UUID) -> None:
        self._database, self._vault, self._key, self._batch_id = database, vault, key, batch_id
        self._loop = asyncio.get_running_loop()

    def __call__(self, number: int) -> bytes:
        """The piece, opened; never called on the event loop itself. Raises UploadLost."""
        sealed = asyncio.run_coroutine_threadsafe(self._read(number), self._loop).result(_FETCH_S)
        if sealed is None:
            raise UploadLost
        return self._vault.open_piece(self._key, self._batch_id, number, sealed)

    async def _read(self, number: int) -> bytes | None:
        async with self._database.connection() as connection:
            found = await _READ.value(connection, batch_id=self._batch_id, number=number)
            return None if found is None else bytes(found)


class UploadedBytes(io.RawIOBase):
    """The file as a seekable stream, of which a few pieces at a time are in memory."""

    def __init__(self, fetch: Callable[[int], bytes], size: int) -> None:
        super().__init__()
        self._fetch, self._size, self._at = fetch, size, 0
        self._pieces: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere else."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer from one piece."""
        view = memoryview(buffer).cast("B")
        if self._at >= self._size or not len(view):
            return 0
        number, start = divmod(self._at, PIECE_BYTES)
        part = self._piece(number)[start : start + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _piece(self, number: int) -> bytes:
        found = self._pieces.get(number)
        if found is None:
            found = self._pieces[number] = self._fetch(number)
            if len(self._pieces) > _KEPT_PIECES:
                self._pieces.popitem(last=False)
        self._pieces.move_to_end(number)
        return found
