"""The server as a whole: how it starts, what it answers beside the API, how it stops."""
