"""Makes the shared fixtures known; each subject has a module of its own in tests/fixtures."""

from tests.fixtures.places import move_into_memory

move_into_memory()

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.embedded",
    "tests.fixtures.shop",
    "tests.fixtures.market",
    "tests.fixtures.demo",
]
