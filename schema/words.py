"""Words: enums of the domain as GraphQL enums, each word with its description."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry


def described(words: type[Enum], description: str, *, name: str | None = None, **each: str) -> None:
    """Make an enum of the domain known to GraphQL; every member is described by its name.

    Members that `each` leaves out do not exist in the API. Raises TypeError for a word that is none.
    """
    declared: Any = strawberry.enum(words, description=description, name=name)
    definition = declared.__strawberry_definition__
    unknown = set(each) - {value.name for value in definition.values}
    if unknown:
        raise TypeError(f"{words.__name__} has no {', '.join(sorted(unknown))}.")
    definition.values = [value for value in definition.values if value.name in each]
    for value in definition.values:
        value.description = each[value.name]
