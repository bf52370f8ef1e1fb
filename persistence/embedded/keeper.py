"""Runs one PostgreSQL program as a user that it accepts, and ends it when the server that asked is gone.

Executed as a script (`python -I -S keeper.py <order>`), never imported: between the server and the postmaster
there must be a process of one thread, because only such a process can enter a user namespace, and because
Linux sends the parent-death signal when the *thread* that forked ends. The order is a JSON object:

    argv       the program and its arguments, an absolute path first
    namespace  [inside uid, inside gid] to map the current user to, or null
    drop       [uid, gid] to become, or null
    reach      directories that must be enterable after that
    grace_s    how long a fast shutdown may take before an immediate one is asked for

Standard input is a pipe held open by the server. Its end is the request to stop, however the server ended.
Exit code: the program's, 128 + signal if a signal ended it, 125 if the user could not be changed as ordered.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
CANNOT_BECOME = 125
PARENT_POLL_S = 1.0
KILL_AFTER_S = 10.0


def enter_namespace(uid: int, gid: int) -> None:
    """Become `uid` inside a new user namespace while staying ourselves for every file outside it."""
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outside_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outside_gid} 1")


def drop_privileges(uid: int, gid: int) -> None:
    """Become `uid` for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def become_program(order: dict[str, Any], keeper: int) -> NoReturn:
    """Replace this process by the ordered program, running as the ordered user."""
    try:
        os.umask(0o077)
        if order["namespace"]:
            enter_namespace(*order["namespace"])
        if order["drop"]:
            drop_privileges(*order["drop"])
        for place in order["reach"]:
            if not os.access(place, os.X_OK):
                raise PermissionError(f"uid {os.geteuid()} cannot enter {place}")
        os.chdir("/")
        if sys.platform == "linux":
            # Last, because a change of credentials clears it. A keeper that is killed must leave nothing.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != keeper:
            os._exit(CANNOT_BECOME)
        os.execv(order["argv"][0], order["argv"])  # noqa: S606
    except Exception as error:
        os.write(2, f"{order['argv'][0]}: {error}\n".encode())
    os._exit(CANNOT_BECOME)


def wait_for_end_or_request(child: int, owner: int, wakeup: int) -> int | None:
    """Block until the program ends (its wait status) or it should be stopped (None)."""
    while True:
        ready, _, _ = select.select([0, wakeup], [], [], PARENT_POLL_S)
        if wakeup in ready:
            asked = any(number != signal.SIGCHLD for number in os.read(wakeup, 64))
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status
            if asked:
                return None
        # The pipe alone does not tell when a forked sibling of the server still holds its other end.
        if (0 in ready and not os.read(0, 64)) or os.getppid() != owner:
            return None


def stop(child: int, grace_s: float) -> int:
    """Fast shutdown, then immediate, then kill; the wait status."""
    for number, patience_s in (
        (signal.SIGINT, grace_s),
        (signal.SIGQUIT, KILL_AFTER_S),
        (signal.SIGKILL, KILL_AFTER_S),
    ):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status
            time.sleep(0.01)
    return os.waitpid(child, 0)[1]


def main() -> int:
    """Start the program, watch both sides, and hand on the exit code."""
    order = json.loads(sys.argv[1])
    owner, keeper = os.getppid(), os.getpid()
    wakeup, wakeup_write = os.pipe()
    os.set_blocking(wakeup_write, False)
    child = os.fork()
    if child == 0:
        become_program(order, keeper)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(wakeup_write)
    # The child may have ended before SIGCHLD was watched.
    os.write(wakeup_write, bytes([signal.SIGCHLD]))
    status = wait_for_end_or_request(child, owner, wakeup)
    if status is None:
        status = stop(child, order["grace_s"])
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
