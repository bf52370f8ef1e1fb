"""The trade itself: rules, use cases and what they may refuse, in the standard library only."""
