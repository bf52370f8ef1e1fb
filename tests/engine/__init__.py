"""The engine by itself, with a schema of its own."""
