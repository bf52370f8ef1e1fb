"""Storage against a real PostgreSQL and a real Valkey."""
