"""The tree of channels and its prices on PostgreSQL."""
