"""The same questions asked of every discovered file of a kind."""
