"""What can go wrong around our own PostgreSQL, so that callers can tell it from a failing query."""


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the message says what to do."""


class DataDirectoryBusyError(EmbeddedPostgresError):
    """Another server holds this data directory."""
