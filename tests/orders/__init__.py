"""Quoting, placing, fulfilling and ending orders."""
