"""Cards at rest: their encryption, their indexes, their keys and their tables."""
