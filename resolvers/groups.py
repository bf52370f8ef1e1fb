"""Reading groups that buy together."""

from __future__ import annotations

from domain.access.permissions import CATALOG_READ
from schema.context import Context
from schema.groups import BuyingGroup
from schema.nouns import shown
from schema.verbs import query


@query(requires=CATALOG_READ)
async def buying_groups(context: Context) -> list[BuyingGroup] | None:
    """The groups of your channel that can be joined, and those in which you have a seat."""
    return shown(list[BuyingGroup], await context.reads.promotions.groups(context.caller))
