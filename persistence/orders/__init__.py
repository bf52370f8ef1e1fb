"""Orders and payments as stored."""
