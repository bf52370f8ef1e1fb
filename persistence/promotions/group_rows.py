"""From rows of groups to what the domain calls them."""

from __future__ import annotations

from typing import Any

from domain.promotions.groups import GroupState, GroupView

COLUMNS = """g.id, g.promotion_id, g.channel_id, g.state, g.seats, g.taken, g.paid, g.expires_at,
    (SELECT p.name FROM promotion p WHERE p.id = g.promotion_id) AS name"""


def group_of(row: Any) -> GroupView:
    """A group."""
    return GroupView(
        row["id"],
        row["promotion_id"],
        row["channel_id"],
        row["name"],
        GroupState(row["state"]),
        row["seats"],
        row["taken"],
        row["paid"],
        row["expires_at"],
    )
