"""Access on PostgreSQL: people, tokens, one-time codes, and the counters that slow guessing."""
