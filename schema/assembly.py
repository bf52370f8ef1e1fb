"""Puts the schema together from what the areas have declared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type

from schema.times import DATE_TIME
from schema.upload import UPLOAD, Upload
from schema.verbs import MUTATIONS, QUERIES, SUBSCRIPTIONS


def build_schema() -> strawberry.Schema:
    """The schema of everything that was imported before; the areas' modules register themselves."""
    return strawberry.Schema(
        query=_root("Query", QUERIES, "What can be read."),
        mutation=_root("Mutation", MUTATIONS, "What can be changed; each answers the object or a refusal."),
        subscription=_root("Subscription", SUBSCRIPTIONS, "What can be followed."),
        config=StrawberryConfig(auto_camel_case=True, scalar_map={Upload: UPLOAD, datetime: DATE_TIME}),
    )


def _root(name: str, fields: dict[str, Any], description: str) -> Any:
    named = []
    for python_name, field in sorted(fields.items()):
        field.python_name = python_name
        named.append(field)
    return create_type(name, named, description=description) if named else None
