"""Migrations: every change of the tables, in order."""
