"""Finds any object again by its id; what is not there, and what the caller may not see, is null alike."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from schema import ids
from schema.context import Context
from schema.nouns import Node
from schema.verbs import query

AREAS = {
    "agt": "access", "cus": "access", "tok": "access",
    "cat": "catalog", "prd": "catalog", "var": "catalog",
    "chn": "channels", "prc": "channels", "dpr": "deposits", "slq": "quotas", "stq": "quotas",
    "imp": "imports", "crd": "cards", "rdm": "cards",
    "prm": "promotions", "cbt": "promotions", "cpn": "promotions",
    "ord": "orders", "lin": "orders", "pay": "orders", "shp": "orders", "top": "orders", "ent": "orders",
    "rfd": "refunds",
}  # fmt: skip
"""Which area knows the objects of a prefix."""


@query()
async def node(
    context: Context, id: Annotated[strawberry.ID, strawberry.argument(description="The id of any object.")]
) -> Node | None:
    """The object with this id, if you may see it."""
    # Who is in no channel sees nothing, and is told nothing about which ids there are.
    prefix = id.partition("_")[0]
    type_name, area = ids.PREFIXES.get(prefix), AREAS.get(prefix)
    found = ids.decode(prefix, id)
    if type_name is None or area is None or found is None or context.caller.channel_id is None:
        return None
    reads: Any = getattr(context.reads, area)
    return await reads.node(context.caller, type_name, found)  # type: ignore[no-any-return]
