"""The permissions matrix: every field, argument, mutation and subscription for every kind of principal."""
