"""Promotions and coupons on PostgreSQL."""
