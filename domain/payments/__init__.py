"""Payments: how an order's due is captured."""
