"""Files that are made while they are fetched: one row after another, never all of them in memory."""
