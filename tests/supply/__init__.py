"""Talking to suppliers."""
