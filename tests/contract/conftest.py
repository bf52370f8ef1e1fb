"""The front end of these tests; each test is held to the operations that it says it executes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.front_end import FrontEnd
from tests.fixtures.served import ServedDemo


@pytest.fixture
def front_end(request: pytest.FixtureRequest, demo: ServedDemo) -> Iterator[FrontEnd]:
    """Sends the contract's operations to the demo."""
    front_end = FrontEnd(demo)
    fallbacks = front_end.fallbacks()
    yield front_end
    assert front_end.fallbacks() == fallbacks, "An operation of the contract was not answered by its plan."
    declared = set(getattr(request.function, "executes", ()))
    assert declared <= front_end.sent, f"The test does not execute {sorted(declared - front_end.sent)}."
