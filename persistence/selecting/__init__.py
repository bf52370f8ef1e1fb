"""Statements that read what was selected: one variant for each selection, built once."""
