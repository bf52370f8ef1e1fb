"""A PostgreSQL of our own, so that a new user needs no database server; see `supervisor.start`."""

from persistence.embedded.errors import DataDirectoryBusyError, EmbeddedPostgresError
from persistence.embedded.identity import Method
from persistence.embedded.supervisor import RunningDatabase, running_dsn, start

__all__ = [
    "DataDirectoryBusyError",
    "EmbeddedPostgresError",
    "Method",
    "RunningDatabase",
    "running_dsn",
    "start",
]
