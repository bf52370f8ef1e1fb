"""The operations that front ends send, from their files, on a running server."""
