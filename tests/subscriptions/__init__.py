"""The outbox, the relay, the feed, and the subscriptions over them."""
