"""Makes the shared fixtures known; each subject has a module of its own in tests/fixtures."""

import os
import sys

from tests.fixtures.places import move_into_memory

move_into_memory()
# Dozens of processes are started here, and none should compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

pytest_plugins = [
    "tests.fixtures.garbage",
    "tests.fixtures.turns",
    "tests.fixtures.database",
    "tests.fixtures.embedded",
    "tests.fixtures.shop",
    "tests.fixtures.market",
    "tests.fixtures.demo",
]
