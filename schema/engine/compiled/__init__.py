"""Compiled execution: an operation becomes, once, a Python function from its variables to its answer."""
