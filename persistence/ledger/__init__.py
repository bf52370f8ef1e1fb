"""The ledger in PostgreSQL: entries are only added, and balances follow from them."""
