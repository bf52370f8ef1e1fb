"""Batches: how cards come into stock together, from a file or from our own mint, and leave it together."""
