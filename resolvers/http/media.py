"""Content types of requests, read strictly: what is not understood is refused, never guessed."""

from __future__ import annotations

from email.message import Message
from functools import lru_cache
from typing import NamedTuple

from schema.engine.refused import refusal

_USUAL = 100
"""Characters of a header that is worth remembering."""
_SENT = "application/json or multipart/form-data"


class ContentType(NamedTuple):
    """A media type with the one parameter that matters here."""

    media: str
    boundary: str | None = None


def content_type(headers: dict[str, str]) -> ContentType:
    """The content type of a body; 415 when it is none of ours, compressed, or not in UTF-8."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        message = "Compressed bodies are not read: send it without Content-Encoding."
        raise refusal("UNSUPPORTED_MEDIA_TYPE", message, status=415, headers={"accept-encoding": "identity"})
    said = headers.get("content-type", "")
    media, charset, boundary = _parsed(said) if len(said) < _USUAL else _parsed.__wrapped__(said)
    if "content-type" not in headers or media not in ("application/json", "multipart/form-data"):
        raise refusal("UNSUPPORTED_MEDIA_TYPE", f"Send the request as {_SENT}.", status=415)
    if charset is not None and str(charset).lower() not in ("utf-8", "utf8", "us-ascii"):
        raise refusal("UNSUPPORTED_MEDIA_TYPE", "Send the request in UTF-8.", status=415)
    return ContentType(media, boundary if isinstance(boundary, str) else None)


@lru_cache(maxsize=256)
def _parsed(said: str) -> tuple[str, object, object]:
    """Media type, charset and boundary; clients send the same header with each request."""
    parsed = Message()
    parsed["content-type"] = said
    return parsed.get_content_type(), parsed.get_param("charset"), parsed.get_param("boundary")
