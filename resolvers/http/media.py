"""Content types of requests, read strictly: what is not understood is refused, never guessed."""

from __future__ import annotations

from email.message import Message
from typing import NamedTuple

from schema.engine.refused import refusal

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
    parsed = Message()
    parsed["content-type"] = headers.get("content-type", "")
    media, charset = parsed.get_content_type(), parsed.get_param("charset")
    if "content-type" not in headers or media not in ("application/json", "multipart/form-data"):
        raise refusal("UNSUPPORTED_MEDIA_TYPE", f"Send the request as {_SENT}.", status=415)
    if charset is not None and str(charset).lower() not in ("utf-8", "utf8", "us-ascii"):
        raise refusal("UNSUPPORTED_MEDIA_TYPE", "Send the request in UTF-8.", status=415)
    boundary = parsed.get_param("boundary")
    return ContentType(media, boundary if isinstance(boundary, str) else None)
