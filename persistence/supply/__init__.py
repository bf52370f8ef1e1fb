"""Suppliers: attempts as stored, and the jobs that speak to them."""
