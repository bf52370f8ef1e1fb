"""Catalogue: products, their variants and categories, and what each kind of product is."""
