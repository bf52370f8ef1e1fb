"""Moments in the API: what is read has an offset, so that nobody's clock is guessed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition, scalar

from domain.moments import moment_of


def _parse(value: Any) -> datetime:
    try:
        return moment_of(value)
    except ValueError:
        raise GraphQLError(
            "A DateTime is written as RFC 3339 says, with an offset: 2026-01-31T08:00:00+08:00."
        ) from None


DATE_TIME: ScalarDefinition = scalar(
    name="DateTime",
    description="A moment as RFC 3339 writes it, with an offset, such as 2026-01-31T08:00:00+08:00.",
    serialize=datetime.isoformat,
    parse_value=_parse,
)
"""For the schema's `StrawberryConfig(scalar_map={datetime: DATE_TIME})`."""
