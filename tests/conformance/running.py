"""Starts one of the scripts beside this file."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.conformance.install import HERE, NODE


def node(script: str, *said: str) -> list[dict[str, Any]]:
    """The lines of JSON that a script prints; AssertionError with its last words if it fails."""
    command = [str(NODE), str(HERE / script), *said]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
