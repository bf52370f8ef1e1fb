"""The messages and close codes of graphql-transport-ws, apart from any socket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schema.engine.codec import JsonCodec
from schema.engine.refused import FormattedError, RequestRefused
from schema.engine.requests import GraphQLRequest, parse_json, read_request

PROTOCOL = "graphql-transport-ws"

GOING_AWAY = 1001
TOO_BIG = 1009
BAD_REQUEST = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
NO_SUBPROTOCOL = 4406
INIT_TIMEOUT = 4408
DUPLICATE_ID = 4409
TOO_MANY_INITS = 4429
TERMINATED = 4499
"""The peer does not read or answer any more."""
INTERNAL = 4500

ACK = b'{"type":"connection_ack"}'
PING = b'{"type":"ping"}'


class Closing(Exception):
    """The connection ends with a code and a reason of at most 123 bytes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:120].decode(errors="ignore")


class ClientMessage(NamedTuple):
    """A message of a client, well-formed."""

    type: str
    id: str = ""
    payload: Mapping[str, Any] | None = None
    request: GraphQLRequest | None = None
    refused: RequestRefused | None = None
    """Why a well-formed subscribe message has no request."""


def read_message(codec: JsonCodec, text: str) -> ClientMessage:
    """The message in a text frame; Closing with 4400 when it is none of the protocol's."""
    try:
        value = parse_json(codec, text.encode(), "message")
    except (RequestRefused, UnicodeEncodeError):
        raise Closing(BAD_REQUEST, "A message must be a JSON object in UTF-8") from None
    kind = value.get("type") if isinstance(value, dict) else None
    if kind in ("connection_init", "ping", "pong"):
        return ClientMessage(kind, payload=_payload(value))
    if kind not in ("subscribe", "complete"):
        raise Closing(BAD_REQUEST, "A message needs a 'type' that the protocol knows")
    id_ = value.get("id")
    if not isinstance(id_, str) or not id_:
        raise Closing(BAD_REQUEST, f"A {kind} message needs a non-empty string 'id'")
    if kind == "complete":
        return ClientMessage(kind, id_)
    try:
        return ClientMessage(kind, id_, request=read_request(value.get("payload")))
    except RequestRefused as refused:
        if refused.code == "BAD_REQUEST":
            raise Closing(BAD_REQUEST, str(refused)) from None
        return ClientMessage(kind, id_, refused=refused)


def _payload(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = value.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Closing(BAD_REQUEST, "A 'payload' must be an object")
    return payload


def next_head(id_: str) -> str:
    """The beginning of a message with a result; the rest is the result and a brace."""
    return f'{{"id":{_quoted(id_)},"type":"next","payload":'


def next_message(id_: str, body: bytes) -> str:
    """One result; the body is encoded already and copied as it is."""
    return f"{next_head(id_)}{body.decode()}}}"


def error_message(id_: str, errors: Sequence[FormattedError]) -> str:
    """The operation failed, and its id is free again."""
    return orjson.dumps({"id": id_, "type": "error", "payload": errors}).decode()


def complete_message(id_: str) -> str:
    """The operation is over, and its id is free again."""
    return f'{{"id":{_quoted(id_)},"type":"complete"}}'


def pong_message(payload: Mapping[str, Any] | None) -> str:
    """The answer to a ping, with the ping's own payload."""
    value: dict[str, Any] = {"type": "pong"}
    if payload is not None:
        value["payload"] = payload
    return orjson.dumps(value).decode()


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()
