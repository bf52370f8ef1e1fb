"""Counts of the live feeds: how much was made, how often it was given away, and who could not follow."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

OPEN = Gauge("quanyi_subscriptions", "Subscriptions that are open.", multiprocess_mode="livesum")
ENCODED = Counter("quanyi_feed_encoded_total", "Events that were executed and encoded.")
DELIVERED = Counter("quanyi_feed_delivered_total", "Events that were given to subscribers.")
TOLD_TO_RESUME = Counter(
    "quanyi_feed_told_to_resume_total", "Subscriptions that ended because their client read too slowly."
)
