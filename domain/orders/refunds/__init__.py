"""Refunds: what of a paid order goes back, who decides it, and what becomes of the goods."""
