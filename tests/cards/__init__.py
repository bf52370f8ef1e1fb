"""Cards: codes, secrets, imports and encryption."""
