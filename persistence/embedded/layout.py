"""Where everything of one embedded PostgreSQL lies, and the small file that remembers it.

    <data_dir>/lock            held by the one server that uses the directory
    <data_dir>/running         held by every process of PostgreSQL, so that survivors of a crash are noticed
    <data_dir>/embedded.json   what was chosen when the directory was made
    <data_dir>/password        of the database's owner, mode 0600
    <data_dir>/postgres.log
    <home>/cluster             PGDATA
    <home>/run                 the socket

`home` is the data directory itself, unless PostgreSQL's user cannot enter it.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from persistence.embedded.errors import DataDirectoryBusyError, EmbeddedPostgresError
from persistence.embedded.identity import Identity, Method

SOCKET_PORT = 5432
LONGEST_SOCKET_PATH = 103
"""Bytes; Linux takes 107, macOS 103."""
PLAIN_PATH = re.compile(r"[\w/.+@:=-]+", re.ASCII)
HOMES = (Path("/var/lib/quanyi"), Path("/var/tmp/quanyi"), Path("/srv/quanyi"))  # noqa: S108


@dataclass(frozen=True)
class Memory:
    """What `embedded.json` holds."""

    method: Method
    uid: int
    gid: int
    home: str | None = None
    socket_dir: str | None = None

    @property
    def identity(self) -> Identity:
        """Whom the cluster belongs to."""
        return Identity(self.method, self.uid, self.gid)


@dataclass(frozen=True)
class Layout:
    """The paths of one data directory."""

    data_dir: Path
    home: Path

    @property
    def cluster(self) -> Path:
        """PGDATA."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """All that PostgreSQL says."""
        return self.data_dir / "postgres.log"

    @property
    def password_file(self) -> Path:
        """The password of the database's owner."""
        return self.data_dir / "password"

    @property
    def postmaster_pid(self) -> Path:
        """PostgreSQL's own lock file."""
        return self.cluster / "postmaster.pid"

    def made_by(self) -> int | None:
        """The major version that made the cluster; None if there is none yet."""
        with suppress(FileNotFoundError):
            return int((self.cluster / "PG_VERSION").read_text())
        return None


def prepare(data_dir: Path) -> Path:
    """Create the data directory, private to us; refuse one that is somebody else's."""
    data_dir = data_dir.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner, ours = data_dir.stat().st_uid, os.geteuid()
    if ours not in (owner, 0):
        raise EmbeddedPostgresError(f"{data_dir} belongs to uid {owner}: start as that user or elsewhere")
    return data_dir


def take_lock(path: Path) -> int | None:
    """A descriptor that holds an exclusive lock until it and its copies are closed; None if it is held."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def take_server_lock(data_dir: Path) -> int:
    """Become the only server of this directory; the lock file says which process that is."""
    path = data_dir / "lock"
    descriptor = take_lock(path)
    if descriptor is None:
        holder = path.read_text().strip() or "another process"
        raise DataDirectoryBusyError(f"{data_dir} is in use by process {holder}: stop it, or set QUANYI_DATA")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def recall(data_dir: Path) -> Memory | None:
    """What was chosen when the directory was made; None on the first start."""
    try:
        known = json.loads((data_dir / "embedded.json").read_text())
        return Memory(**{**known, "method": Method(known["method"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise EmbeddedPostgresError(f"{data_dir}/embedded.json cannot be read: {error}") from error


def remember(data_dir: Path, memory: Memory) -> None:
    """Write `embedded.json`, whole or not at all."""
    write_private(data_dir / "embedded.json", json.dumps(asdict(memory), indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner alone."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def password_of(layout: Layout) -> str:
    """The owner's password, made before the cluster and kept for it."""
    with suppress(FileNotFoundError):
        return layout.password_file.read_text().strip()
    if layout.made_by() is not None:
        raise EmbeddedPostgresError(f"{layout.password_file} is missing: restore it, or start elsewhere")
    write_private(layout.password_file, secrets.token_hex(24) + "\n")
    return layout.password_file.read_text().strip()


def make_home(data_dir: Path, identity: Identity, homes: tuple[Path, ...] = HOMES) -> Path:
    """A new place that an unprivileged user can enter, named after the data directory it stands in for.

    The random part keeps a data directory that was deleted and made again apart from what it had before.
    """
    name = f"{hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]}-{secrets.token_hex(4)}"
    for place in homes:
        with suppress(OSError):
            place.mkdir(mode=0o711, parents=True, exist_ok=True)
            if place.stat().st_uid != os.geteuid() or not can_enter(identity, place):
                continue
            (place / name).mkdir(mode=0o711)
            (place / name).chmod(0o711)
            return place / name
    raise EmbeddedPostgresError(f"no place for the data could be made in any of {', '.join(map(str, homes))}")


def can_enter(identity: Identity, place: Path) -> bool:
    """Whether the permission bits let this user walk down to `place`."""
    for folder in (place, *place.parents):
        found = folder.stat()
        uid, gid = identity.owner
        allowed = (
            stat.S_IXUSR if found.st_uid == uid else stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH
        )
        if not found.st_mode & allowed:
            return False
    return True


def socket_directory(layout: Layout, memory: Memory, identity: Identity) -> tuple[Path, Memory]:
    """A directory that only PostgreSQL's user can enter and whose path fits a socket address."""
    place = layout.home / "run"
    if fits(place):
        place.mkdir(mode=0o700, exist_ok=True)
        identity.own(place)
        return place, memory
    if memory.socket_dir and is_private(Path(memory.socket_dir), identity):
        return Path(memory.socket_dir), memory
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    base = runtime if runtime and identity.drop is None and fits(Path(runtime, "quanyi-12345678")) else "/tmp"  # noqa: S108
    place = Path(tempfile.mkdtemp(prefix="quanyi-", dir=base if Path(base).is_dir() else None))
    identity.own(place)
    return place, replace(memory, socket_dir=str(place))


def fits(place: Path) -> bool:
    """Whether a socket in this directory can be named in an address, a setting and a DSN without quoting."""
    socket = f"{place}/.s.PGSQL.{SOCKET_PORT}"
    return len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(str(place)) is not None


def is_private(place: Path, identity: Identity) -> bool:
    """Whether this is the directory we made: /tmp may have been cleaned and another user have made it."""
    with suppress(OSError):
        found = place.lstat()
        mode = stat.S_IMODE(found.st_mode)
        return stat.S_ISDIR(found.st_mode) and found.st_uid == identity.owner[0] and mode == 0o700
    return False
