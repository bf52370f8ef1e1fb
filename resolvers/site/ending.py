"""How a command ends: a signal is no error, and what cannot be done is said in sentences."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def in_order(*problems: type[Exception]) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block, whatever it is at; print `problems` and exit with code 2."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    except problems as problem:
        for sentence in getattr(problem, "problems", [problem]):
            sys.stderr.write(f"{sentence}\n")
        sys.exit(2)
