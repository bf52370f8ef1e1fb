"""Cards: one item, one code, from import to redemption."""
