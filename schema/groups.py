"""What the API shows of groups that buy together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from domain.promotions import groups
from domain.promotions.groups import GroupState
from schema import ids
from schema.audiences import identified, open_to_all
from schema.changes import POSITION
from schema.nouns import noun
from schema.words import described

described(
    GroupState,
    "Where a group stands.",
    OPEN="It waits for buyers, and for their payments.",
    SUCCEEDED="Every seat is paid: the goods are on their way.",
    FAILED="It was not complete in time: who has paid gets the money back.",
)


def _promotion_id(root: strawberry.Parent[Any]) -> strawberry.ID:
    return strawberry.ID(ids.encode("prm", root.promotion_id))


@noun(groups.GroupView, description="Buyers who buy together at a better price (拼团).")
class BuyingGroup:
    """A group."""

    id: strawberry.ID = identified("grp", "Give it as `groupBuy` to join.")
    promotion_id: strawberry.ID = open_to_all("The promotion's id.", resolver=_promotion_id)
    name: str = open_to_all("What people call the promotion.")
    state: GroupState = open_to_all("Where it stands.")
    seats: int = open_to_all("How many buyers it needs.")
    taken: int = open_to_all("How many seats are taken.")
    paid: int = open_to_all("How many of them are paid.")
    left: int = open_to_all("How many are free.")
    expires_at: datetime = open_to_all("When it fails if not every seat is paid.")


@noun(groups.GroupBuyChange, description="Something happened in a group.")
class GroupBuyChange:
    """One event of one group."""

    position: str = open_to_all(POSITION)
    at: datetime = open_to_all("When it happened.")
    group: BuyingGroup = open_to_all("The group as it is now.")
