"""What a client asks, read from any transport's JSON, with every wrong shape refused before anything is
parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schema.engine.codec import JsonCodec
from schema.engine.refused import refusal

MAX_VALUES = 5_000
"""Values and keys in a body: each is looked at and coerced, which takes a few microseconds."""
_MAX_NESTING = 64
"""Brackets inside each other in a body: more than any input type has, less than what any later code recurses
over.
"""
_SHA256 = re.compile("[0-9a-fA-F]{64}")
_DOCUMENT_ID = re.compile("[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation to be run."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)
    document_id: str | None = None
    """The document's name, `sha256:…` where it is its hash; `query` may be empty then."""
    automatic: bool = False
    """Whether the name came as an automatic persisted query's, which asks to be remembered."""


def parse_json(codec: JsonCodec, body: bytes, what: str = "body") -> Any:
    """The JSON value of some bytes. Refuses bad UTF-8, lone surrogates, NUL characters and deep nesting
    (400).
    """
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    try:
        value = codec.decode(body)
    except ValueError as error:
        raise refusal("BAD_REQUEST", f"The {what} is not JSON: {error}. Send JSON in UTF-8.") from None
    many = body.count(b",") >= MAX_VALUES // 2
    if many or body.count(b"[") + body.count(b"{") > _MAX_NESTING or b"\\u0000" in body:
        _inspect(value, what)
    return value


def _inspect(value: Any, what: str) -> None:
    level, total = [value], 1
    for _ in range(_MAX_NESTING):
        below: list[Any] = []
        for one in level:
            before = len(below)
            if isinstance(one, dict):
                below += one.keys()
                below += one.values()
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str) and "\x00" in one:
                raise refusal("BAD_REQUEST", f"The {what} holds a NUL character: leave it out.")
            total += len(below) - before
            if total > MAX_VALUES:
                message = f"The {what} holds more than {MAX_VALUES} values: send less at a time."
                raise refusal("TOO_MANY_VALUES", message, limit=MAX_VALUES)
        if not below:
            return
        level = below
    raise refusal("BAD_REQUEST", f"The {what} nests deeper than {_MAX_NESTING} levels.")


def read_request(value: Any) -> GraphQLRequest:
    """The request in a JSON object with query, operationName, variables and extensions."""
    if isinstance(value, list):
        raise refusal("BAD_REQUEST", "Batches are not served: send one operation per request.")
    if not isinstance(value, dict):
        raise refusal("BAD_REQUEST", "The request must be a JSON object with a 'query'.")
    extensions = _mapping(value, "extensions")
    automatic = extensions.get("persistedQuery") is not None
    id_ = _hash(extensions["persistedQuery"]) if automatic else _document_id(value.get("documentId"))
    query = value.get("query")
    if query is None and id_ is not None:
        query = ""
    if not isinstance(query, str):
        raise refusal("BAD_REQUEST", "The request needs a 'query', a GraphQL document as a string.")
    name = value.get("operationName")
    if name is not None and not isinstance(name, str):
        raise refusal("BAD_REQUEST", "'operationName' must be a string or null.")
    return GraphQLRequest(query, name, _mapping(value, "variables"), extensions, id_, automatic)


def _hash(said: Any) -> str:
    """The id in an automatic persisted query."""
    known = said if isinstance(said, dict) else {}
    digest = known.get("sha256Hash")
    if known.get("version") != 1 or not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        message = "A 'persistedQuery' has the version 1 and a 'sha256Hash' of 64 hexadecimal digits."
        raise refusal("BAD_REQUEST", message)
    return f"sha256:{digest.lower()}"


def _document_id(said: Any) -> str | None:
    """The name of a registered document."""
    if said is not None and not (isinstance(said, str) and _DOCUMENT_ID.fullmatch(said)):
        raise refusal("BAD_REQUEST", "A 'documentId' has 1 to 200 characters of ASCII and no spaces.")
    return said


def _mapping(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = value.get(name)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise refusal("BAD_REQUEST", f"'{name}' must be a JSON object or null.")
    return given
