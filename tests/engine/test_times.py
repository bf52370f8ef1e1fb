"""Moments are read as RFC 3339 writes them, and refused where a database could not keep them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from graphql import GraphQLError

from schema.times import DATE_TIME


def parse(said: object) -> object:
    assert DATE_TIME.parse_value is not None
    return DATE_TIME.parse_value(said)


@pytest.mark.parametrize(
    "said", ["2026-01-31T08:00:00+08:00", "2026-01-31T00:00:00Z", "2026-01-30T20:00:00.000-04:00"]
)
def test_every_offset_names_the_same_moment(said: str) -> None:
    assert parse(said) == datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    ["2026-01-31T08:00:00", "2026-01-31", "2026-02-30T00:00:00Z", "", "x" * 30, 5, None, True,
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"],
)  # fmt: skip
def test_what_is_no_moment_is_told_how_one_is_written(said: object) -> None:
    with pytest.raises(GraphQLError, match="RFC 3339"):
        parse(said)
