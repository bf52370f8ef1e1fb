"""Promotions: who gets what off, what it may never undersell, and who pays for it."""
