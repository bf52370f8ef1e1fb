"""A server process that owns an embedded PostgreSQL and does nothing else, for tests that kill it."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from persistence.embedded import Method, start
from persistence.embedded.identity import identity_for


def methods_of_this_machine() -> list[Method]:
    """The ways in which the user of these tests can run PostgreSQL; namespaces are the kernel's say."""
    if os.geteuid() != 0:
        return [Method.PLAIN]
    namespace = identity_for(Method.NAMESPACE).obstacle(Path("/bin"), Path("/"), programs=("true",)) is None
    return [*([Method.NAMESPACE] if namespace else []), Method.DROPPED, Method.RELOCATED]


METHODS = methods_of_this_machine()


def spawn_owner(data_dir: Path, method: Method | None = None) -> subprocess.Popen[bytes]:
    """Start the process; its lines are the DSN, the postmaster's pid and the keeper's pid."""
    command = [sys.executable, "-m", "tests.persistence.embedded_owner", str(data_dir), method or ""]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def ended_within(pid: int, seconds: float) -> bool:
    """Whether a process is gone, or a zombie, in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


async def main() -> None:
    """Start, say so, and wait to be killed."""
    data_dir, method = Path(sys.argv[1]), Method(sys.argv[2]) if sys.argv[2] else None
    running = await start(data_dir, method=method, homes=(data_dir.parent / "homes",))
    status = Path(f"/proc/{running.postmaster_pid}/status").read_text()
    keeper = next(line.split()[1] for line in status.splitlines() if line.startswith("PPid"))
    print(running.dsn, running.postmaster_pid, keeper, sep="\n", flush=True)
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main())
