"""Rows of cards as views: one list of columns, wherever cards are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.cards.states import CardState
from domain.cards.views import CardView, RedemptionStatus, RedemptionView

if TYPE_CHECKING:
    import asyncpg

COLUMNS = """c.id, c.state, c.masked, c.expires_at, c.channel_id, c.pool_id, c.order_id, c.order_line_id,
             c.changed_at, v.sku"""
"""Of `card c JOIN variant v`."""


def card_of(row: asyncpg.Record) -> CardView:
    """A card as it was read, or as a transition left it."""
    state = row["states"][-1] if "states" in row.keys() else row["state"]  # noqa: SIM118 - records are no dicts
    return CardView(
        id=row["id"],
        sku=row["sku"],
        status=CardState(state),
        masked=row["masked"],
        expires_at=row["expires_at"],
        channel_id=row["channel_id"] or row["pool_id"],
        order_id=row["order_id"],
        order_line_id=row["order_line_id"],
        changed_at=row["changed_at"],
    )


REDEMPTION = f"""r.id AS redemption_id, r.status, r.created_at AS redeemed_at, r.lease_until, r.fingerprint,
                 {COLUMNS}"""
"""Of `redemption r JOIN card c JOIN variant v`."""


def redemption_of(row: asyncpg.Record) -> RedemptionView:
    """A redemption with its card as it is now."""
    status = RedemptionStatus(row["status"])
    return RedemptionView(
        id=row["redemption_id"],
        at=row["redeemed_at"],
        status=status,
        lease_until=row["lease_until"] if status is RedemptionStatus.PENDING else None,
        card=card_of(row),
    )
