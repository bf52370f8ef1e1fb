"""Orders: quote, place, pay, fulfil."""
