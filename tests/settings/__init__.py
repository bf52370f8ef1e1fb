"""What an operator sets, and what is refused before the first request."""
