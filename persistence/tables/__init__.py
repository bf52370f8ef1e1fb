"""Tables: the one description of the database, which migrations and statements are made from."""

from persistence.tables import (
    access,
    cards,
    catalog,
    channels,
    events,
    ledger,
    orders,
    promotions,
    refunds,
    supply,
)
from persistence.tables.columns import METADATA

__all__ = [
    "METADATA",
    "access",
    "cards",
    "catalog",
    "channels",
    "events",
    "ledger",
    "orders",
    "promotions",
    "refunds",
    "supply",
]
