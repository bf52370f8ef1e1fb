"""The demo's market for the tests of this area."""

from tests.fixtures.market import demo_market, market

__all__ = ["demo_market", "market"]
