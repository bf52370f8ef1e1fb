"""Commands that share a transaction: lanes collect them, convoys carry them out, stops are made together."""
