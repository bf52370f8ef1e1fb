"""Supply: suppliers' adapters and attempts at them."""
