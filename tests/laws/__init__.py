"""Laws that hold whatever happens, in whatever order, from several connections."""
