"""The bounds of HTTP requests, in one value for the composition root to fill from its settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Sizes in bytes."""

    max_body_bytes: int = 1_048_576
    """A JSON body, or the `operations` of a multipart one."""
    max_upload_bytes: int = 268_435_456
    """A multipart body as a whole."""
    max_files: int = 10
    """Files in one request."""
    spool_bytes: int = 1_048_576
    """What of a file is kept in memory before it goes to a temporary file on disk."""
