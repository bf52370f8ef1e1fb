"""Clears what a killed server left: a postmaster that is still ending, and lock files that nobody holds."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from persistence.embedded.errors import DataDirectoryBusyError
from persistence.embedded.layout import Layout, take_lock

PATIENCE_S = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
NOTICE_S = 0.05


def take_running_lock(layout: Layout) -> int:
    """The lock that PostgreSQL's processes will hold, once every process of an earlier start has ended.

    Whoever holds it was started by us on this directory: it is ended, gently first, and never taken over,
    because its keeper has already been told to stop it.
    """
    path = layout.data_dir / "running"
    for number, patience_s in PATIENCE_S:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            descriptor = take_lock(path)
            if descriptor is not None:
                return descriptor
            time.sleep(NOTICE_S)
            pid = serving_process(layout)
            if pid is not None and time.monotonic() > deadline - patience_s + 2 * NOTICE_S:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
                time.sleep(NOTICE_S * 4)
    raise DataDirectoryBusyError(f"an earlier PostgreSQL in {layout.cluster} does not end; end it by hand")


def serving_process(layout: Layout) -> int | None:
    """The postmaster that PostgreSQL's lock file names, if that process really works in this cluster."""
    try:
        pid = int(layout.postmaster_pid.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    working_directory = Path(f"/proc/{pid}/cwd")
    if Path("/proc/self").exists():
        try:
            return pid if working_directory.resolve(strict=True) == layout.cluster else None
        except OSError:
            return None
    return pid


def remove_stale_files(layout: Layout, socket_dir: Path) -> None:
    """Remove lock files of a postmaster that is gone; PostgreSQL would trust a pid that was given out again.

    Call with the running lock held: then none of ours lives, and only one started by hand can serve.
    """
    pid = serving_process(layout)
    if pid is not None:
        raise DataDirectoryBusyError(f"process {pid}, which Quanyi did not start, serves {layout.cluster}")
    layout.postmaster_pid.unlink(missing_ok=True)
    for stale in socket_dir.glob(".s.PGSQL.*"):
        stale.unlink()
