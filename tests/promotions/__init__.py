"""Promotions: the engine's worked cases and laws, and what is kept of them."""
