"""GraphQL over HTTP, on bare ASGI."""
