"""The server as its users run it: a process tree of its own, started, killed and stopped from tests."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil

from persistence.starting import MARK

ROOT = Path(__file__).resolve().parents[1]
READY_S = 90.0
"""Far more than a start takes: these machines are busy."""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_OURS = ("QUANYI_", "DATABASE_URL", "REDIS_URL", "WORKERS", "PORT", "HOST", "PROMETHEUS_")


class ServerProcess:
    """`server.py` in a subprocess; its data and what it says lie below `place`.

    With a DSN it serves that database as it is (`run --no-data`), else it is what `make run` starts. Settings
    are given by the names of their environment variables.
    """

    def __init__(
        self,
        place: Path,
        dsn: str | None = None,
        workers: int = 1,
        command: Sequence[str] = (),
        **environment: str,
    ) -> None:
        self.data = Path(environment.get("QUANYI_DATA", place / "data"))
        self.place, self.dsn = place, dsn
        self.command = tuple(command) or (("run", "--no-data") if dsn else ("run",))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self.environment = {
            **kept,
            "PORT": "0",
            "WORKERS": str(workers),
            "QUANYI_DATA": str(self.data),
            "PYTHONUNBUFFERED": "1",
            **({"DATABASE_URL": dsn} if dsn else {}),
            **environment,
        }
        self.url = ""
        self.took_s = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> psutil.Process:
        """The parent of the tree."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    @property
    def output(self) -> str:
        """All that was printed since the last start."""
        return self._out.read_text("utf-8")

    @property
    def log(self) -> str:
        """All that was logged since the last start."""
        return self._err.read_text("utf-8")

    @property
    def _out(self) -> Path:
        return self.place / "server.out"

    @property
    def _err(self) -> Path:
        return self.place / "server.err"

    def start(self) -> ServerProcess:
        """Start, and wait until it serves; AssertionError with its last words if it ends instead."""
        began_s = time.monotonic()
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "server.py"), *self.command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        while (found := _ADDRESS.search(self.output)) is None:
            assert self._process.poll() is None, self.log
            assert time.monotonic() - began_s < READY_S, self.log
            time.sleep(0.02)
        self.url, self.took_s = found[0], time.monotonic() - began_s
        return self

    def run_to_end(self, timeout_s: float = 60.0) -> int:
        """Start something that ends by itself; its exit code."""
        with self._out.open("wb") as out, self._err.open("wb") as err:
            command = [sys.executable, str(ROOT / "server.py"), *self.command]
            return subprocess.run(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                timeout=timeout_s,
                check=False,
            ).returncode

    def family(self) -> list[psutil.Process]:
        """Every process of the tree."""
        return [self.process, *self.process.children(recursive=True)]

    def kill(self) -> None:
        """SIGKILL to the server itself, as the kernel does when memory is short."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does (or SIGTERM); its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(60)

    def end(self) -> None:
        """End what is left, however a test went."""
        if self._process is not None and self._process.poll() is None:
            family = self.family()
            self.stop(signal.SIGTERM)
            psutil.wait_procs(family, timeout=30)


@asynccontextmanager
async def serving(
    place: Path, dsn: str | None = None, workers: int = 1, command: Sequence[str] = (), **environment: str
) -> AsyncIterator[ServerProcess]:
    """A server in a subprocess for the length of the block."""
    place.mkdir(parents=True, exist_ok=True)
    if dsn is not None:
        await mark_as_demo(dsn)
    server = ServerProcess(place, dsn, workers, command, **environment)
    try:
        yield await asyncio.to_thread(server.start)
    finally:
        await asyncio.to_thread(server.end)


async def mark_as_demo(dsn: str) -> None:
    """Let the demo's server accept channels that a test has made."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(MARK)
    finally:
        await connection.close()
