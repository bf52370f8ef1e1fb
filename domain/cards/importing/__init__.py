"""Imports of cards: what a file must look like, how a row is cleaned, and why one is refused."""
