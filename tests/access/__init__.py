"""Who calls, how they prove it, what slows guessing, and what an operator sets."""
