"""Root keys in a file of their own, outside the database, for its owner alone: the demo, or one machine.

The file is JSON: each purpose has a list of `{"id", "key"}`, the last of which is current; `key` is 32 bytes
in base64.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.cards.keys import KEY_BYTES, KeyPurpose, KeyUnknown, RootKey

_ID_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
_ID_LENGTH = 6
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

Rings = dict[KeyPurpose, list[RootKey]]


class KeysUnusable(Exception):
    """Keys are missing, malformed, or can be read by others."""


class KeyFile:
    """A `KeyProvider` over such a file; notices keys that another process adds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._rings: Rings = {}
        self._refresh()

    @classmethod
    def create(cls, path: Path) -> KeyFile:
        """Make a file with one key for each purpose, mode 0600; leaves an existing one as it is."""
        rings = {purpose: [_new_key()] for purpose in KeyPurpose}
        made = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        _write(made, rings)
        try:
            # A link, unlike a rename, never replaces a file that another process made meanwhile.
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
        return cls(path)

    def current(self, purpose: KeyPurpose) -> RootKey:
        """The newest key of the ring."""
        self._refresh()
        ring = self._rings.get(purpose)
        if not ring:
            raise KeyUnknown(purpose)
        return ring[-1]

    def by_id(self, purpose: KeyPurpose, key_id: str) -> RootKey:
        """The key of this id."""
        found = _find(self._rings, purpose, key_id)
        if found is None:
            self._refresh()
            found = _find(self._rings, purpose, key_id)
        if found is None:
            raise KeyUnknown(purpose, key_id)
        return found

    def ring(self, purpose: KeyPurpose) -> tuple[RootKey, ...]:
        """Every key of a purpose, the newest first."""
        self._refresh()
        return tuple(reversed(self._rings.get(purpose, [])))

    def rotate(self, purpose: KeyPurpose) -> RootKey:
        """Add a key, durably before it is answered, and make it current."""
        with self._locked():
            self._refresh()
            added = _new_key()
            rings = self._rings | {purpose: [*self._rings.get(purpose, []), added]}
            made = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
            _write(made, rings)
            made.replace(self._path)
            _sync_directory(self._path.parent)
        self._refresh()
        return added

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One rotation at a time, over all processes."""
        lock = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _refresh(self) -> None:
        state = self._path.stat()
        seen = (state.st_ino, state.st_mtime_ns)
        if seen == self._read_at:
            return
        if state.st_mode & _OTHERS:
            raise KeysUnusable(f"Others may read {self._path.name}; run chmod 600 on it.")
        self._rings = _parsed(self._path)
        self._read_at = seen


def parsed_key(key_id: str, encoded: str) -> RootKey:
    """A root key from its id and base64; raises `KeysUnusable`, which never repeats the key."""
    try:
        material = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != KEY_BYTES or not (0 < len(key_id) <= 32 and key_id.isascii() and key_id.isalnum()):
        raise KeysUnusable("A key needs an id of letters and digits, and 32 bytes in base64.")
    return RootKey(key_id, material)


def _parsed(path: Path) -> Rings:
    try:
        content = json.loads(path.read_bytes())
        return {
            KeyPurpose(purpose): [parsed_key(entry["id"], entry["key"]) for entry in ring]
            for purpose, ring in content.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeysUnusable(f"{path.name} does not hold keys.") from None


def _find(rings: Rings, purpose: KeyPurpose, key_id: str) -> RootKey | None:
    return next((key for key in rings.get(purpose, ()) if key.id == key_id), None)


def _new_key() -> RootKey:
    return RootKey("".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH)), os.urandom(KEY_BYTES))


def _write(path: Path, rings: Rings) -> None:
    content = {
        purpose.value: [{"id": key.id, "key": base64.b64encode(key.material).decode()} for key in ring]
        for purpose, ring in rings.items()
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
