"""The engine behind its transports, over real sockets and over bare ASGI."""
