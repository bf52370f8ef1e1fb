"""Chooses the user that PostgreSQL runs as: it refuses root, and others may not enter root's directories.

As root, in this order: a user namespace in which root has another number (nothing moves, files stay root's),
an unprivileged user where it can enter both programs and data, and last the same user with both kept in a
place it can enter. Who made a data directory has to open it later, so the choice is remembered beside it.
"""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from persistence.embedded.errors import EmbeddedPostgresError

KEEPER = Path(__file__).with_name("keeper.py")
PROBE_TIMEOUT_S = 20
FAST_SHUTDOWN_S = 20.0
UNPRIVILEGED_USERS = ("postgres", "nobody", "daemon")
# PG* variables of the caller must not reach the server or initdb; everything else they need is an argument.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Method(StrEnum):
    """How PostgreSQL comes to run as somebody it accepts."""

    PLAIN = "plain"
    NAMESPACE = "namespace"
    DROPPED = "dropped"
    RELOCATED = "relocated"


@dataclass(frozen=True)
class Identity:
    """Whom PostgreSQL runs as. In a namespace the numbers are the ones inside."""

    method: Method
    uid: int
    gid: int

    @property
    def namespace(self) -> tuple[int, int] | None:
        """The numbers to map the current user to."""
        return (self.uid, self.gid) if self.method is Method.NAMESPACE else None

    @property
    def drop(self) -> tuple[int, int] | None:
        """The user to become."""
        changed = self.method in (Method.DROPPED, Method.RELOCATED)
        return (self.uid, self.gid) if changed else None

    @property
    def owner(self) -> tuple[int, int]:
        """The uid and gid that files of the cluster have outside of any namespace."""
        return self.drop or (os.geteuid(), os.getegid())

    def own(self, path: Path) -> None:
        """Hand a file or directory of the cluster to this user."""
        if self.drop:
            os.chown(path, *self.drop, follow_symlinks=False)

    def spawn(
        self,
        argv: Sequence[str],
        *,
        output: IO[bytes] | int = subprocess.PIPE,
        held: Iterable[int] = (),
        reach: Iterable[Path] = (),
        environment: Mapping[str, str] = ENVIRONMENT,
    ) -> subprocess.Popen[bytes]:
        """Start a program under a keeper, in a session of its own: Ctrl-C in our terminal is for us alone.

        `held` are descriptors that stay open in every process of it; `reach` must be enterable for this user.
        """
        order = {
            "argv": list(argv),
            "namespace": self.namespace,
            "drop": self.drop,
            "reach": [str(place) for place in reach],
            "grace_s": FAST_SHUTDOWN_S,
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(held),
            env=dict(environment),
            start_new_session=True,
        )

    def run(self, argv: Sequence[str], *, held: Iterable[int] = (), reach: Iterable[Path] = ()) -> str:
        """Run a program to its end and return what it printed; raises with that text if it failed."""
        process = self.spawn(argv, held=held, reach=reach)
        output = process.stdout
        assert output is not None
        # Not communicate(): it would close the pipe that tells the keeper that we live.
        text = output.read().decode(errors="replace")
        code = process.wait()
        output.close()
        if process.stdin:
            process.stdin.close()
        if code != 0:
            raise EmbeddedPostgresError(f"{Path(argv[0]).name} failed ({code}): {text.strip()}")
        return text

    def obstacle(
        self, bin_dir: Path, place: Path, programs: Sequence[str] = ("postgres", "initdb")
    ) -> str | None:
        """Why this user cannot run these programs or cannot enter `place`, or None if it can do both."""
        try:
            for name in programs:
                self.run([str(bin_dir / name), "--version"], reach=[place])
        except EmbeddedPostgresError as error:
            return str(error)
        return None


def unprivileged_user() -> pwd.struct_passwd:
    """Somebody of this machine who is not root; initdb insists on a name."""
    known = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
    for name in (*UNPRIVILEGED_USERS, *known):
        if name in known:
            return known[name]
    raise EmbeddedPostgresError("PostgreSQL refuses to run as root and this machine has no other user")


def has_a_name(uid: int) -> bool:
    """Whether the machine knows this user; containers often run as a bare number."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def identity_for(method: Method) -> Identity:
    """The identity that a method means on this machine."""
    if method is Method.PLAIN:
        return Identity(method, os.geteuid(), os.getegid())
    user = unprivileged_user()
    return Identity(method, user.pw_uid, user.pw_gid)


def choose_identity(bin_dir: Path, data_dir: Path) -> Identity:
    """The first method that works here for a data directory that does not exist yet."""
    if os.geteuid() != 0:
        plain = identity_for(Method.PLAIN)
        return plain if has_a_name(plain.uid) else identity_for(Method.NAMESPACE)
    for method in (Method.NAMESPACE, Method.DROPPED):
        identity = identity_for(method)
        # The directory itself is still private to us; it is the way to it that cannot be changed.
        if identity.obstacle(bin_dir, data_dir.parent) is None:
            return identity
    return identity_for(Method.RELOCATED)
