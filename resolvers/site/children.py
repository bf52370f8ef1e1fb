"""Several API processes on one socket: a parent that starts them, begins them again and ends them all."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType

import structlog

from resolvers.site.meters import DIRECTORY, forget_process

PARENT = "QUANYI_PARENT_PROCESS"
"""The environment variable by which a child knows whose death ends it."""

_WATCH_S = 0.1
_RESTART_S = 1.0
_HANDLED = (signal.SIGINT, signal.SIGTERM)


class Children:
    """Processes of one command; each inherits the listening socket and the environment.

    `started` is called once, when the first of them answers.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        listener: socket.socket,
        started: Callable[[], None],
    ) -> None:
        self._command, self._listener, self._started = list(command), listener, started
        self._answers = False
        self._environment = {**environment, PARENT: str(os.getpid())}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._asked = threading.Event()

    def run(self, count: int, patience_s: float) -> None:
        """Keep `count` processes running until SIGINT or SIGTERM, then end them within `patience_s`."""
        before = {number: signal.signal(number, self._ask) for number in _HANDLED}
        try:
            self._processes = [self._start() for _ in range(count)]
            while not self._asked.wait(_WATCH_S):
                self._replace()
                if not self._answers and self._is_answered():
                    self._answers = True
                    self._started()
        finally:
            self._end(patience_s)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.set()

    def _start(self) -> subprocess.Popen[bytes]:
        # In a session of their own: Ctrl-C in our terminal reaches us alone, and they are ended in order.
        return subprocess.Popen(
            self._command,
            env=self._environment,
            pass_fds=(self._listener.fileno(),),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _replace(self) -> None:
        for at, process in enumerate(self._processes):
            code = process.poll()
            if code is None:
                continue
            structlog.get_logger().error("child.ended", code=code)
            forget_process(process.pid, self._environment[DIRECTORY])
            if not self._asked.wait(_RESTART_S):
                self._processes[at] = self._start()

    def _is_answered(self) -> bool:
        """Whether somebody listens: the socket is bound from the beginning, and refuses until then."""
        try:
            with socket.create_connection(self._listener.getsockname()[:2], timeout=1):
                return True
        except OSError:
            return False

    def _end(self, patience_s: float) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.terminate()
        deadline_s = time.monotonic() + patience_s
        for process in self._processes:
            try:
                process.wait(max(deadline_s - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def end_with_parent() -> None:
    """In a child: end at once when the parent is gone, since its database has ended with it."""
    said = os.environ.get(PARENT)
    if said is None:
        return
    parent = int(said)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
