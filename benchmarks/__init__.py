"""Measurements, each against a bare asyncpg program that does the same in the same run."""
