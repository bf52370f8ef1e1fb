"""The edge: what every request passes, whatever its route — its id, the client's true address, CORS and
headers that keep browsers careful.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import structlog

from schema.engine.asgi import WRITE_ANSWER, Asgi, Message, Receive, Scope, Send, WriteAnswer, address_of

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_HEADERS_OF_CLIENTS = b"authorization, content-type, accept, x-request-id, x-device-id"
_PREFLIGHT_S = b"86400"
_TRY_LATER = 1013
_IDS_AT_ONCE = 256
_ids: list[bytes] = []
_CAREFUL = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_CAREFUL_LINES = b"".join(b"%b: %b\r\n" % pair for pair in _CAREFUL)

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class EdgePolicy:
    """Whom the edge believes, and whose pages may call."""

    origins: frozenset[bytes] | None = None
    """Web origins that may call; None for all of them."""
    proxies: tuple[Network, ...] = field(default=())
    sockets_per_address: int = 200

    @classmethod
    def of(cls, origins: str, proxies: str, sockets_per_address: int = 200) -> EdgePolicy:
        """Read both lists, comma separated; ValueError names what is no network."""
        named = [origin.strip().rstrip("/").encode("latin-1") for origin in origins.split(",")]
        networks = [ip_network(entry.strip(), strict=False) for entry in proxies.split(",") if entry.strip()]
        pages = None if b"*" in named else frozenset(filter(None, named))
        return cls(pages, tuple(networks), sockets_per_address)


class Edge:
    """An ASGI application around another one."""

    def __init__(self, inner: Asgi, policy: EdgePolicy) -> None:
        self._inner, self._policy = inner, policy
        self._sockets: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Prepare the scope, answer preflights, and complete the headers of the answer."""
        said = dict(scope["headers"])
        request_id = _request_id(said.get(b"x-request-id", b""))
        kept = scope["headers"]
        if b"x-request-id" in said:
            kept = [pair for pair in kept if pair[0] != b"x-request-id"]
        scope["headers"] = [*kept, (b"x-request-id", request_id)]
        scope["client"] = self._client(scope)
        origin = said.get(b"origin")
        structlog.contextvars.bind_contextvars(request_id=request_id.decode())
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        allowed = self._allowed(origin)
        completing = _completing(send, request_id, allowed)
        extensions = scope.get("extensions")
        if extensions and WRITE_ANSWER in extensions:
            extensions[WRITE_ANSWER] = _writing(extensions[WRITE_ANSWER], allowed)
        if scope["method"] == "OPTIONS" and origin and b"access-control-request-method" in said:
            await completing({"type": "http.response.start", "status": 204, "headers": _preflight()})
            await completing({"type": "http.response.body", "body": b""})
            return
        await self._inner(scope, receive, completing)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open a WebSocket unless its address has as many as it may."""
        address = address_of(scope)
        if self._sockets[address] >= self._policy.sockets_per_address:
            if (await receive())["type"] == "websocket.connect":
                # Refusing the handshake would be a 1006 in a browser; who is told 1013 comes back later.
                offered = next(iter(scope.get("subprotocols") or ()), None)
                await send({"type": "websocket.accept", "subprotocol": offered})
                await send({"type": "websocket.close", "code": _TRY_LATER, "reason": "Too many connections"})
            return
        self._sockets[address] += 1
        try:
            await self._inner(scope, receive, send)
        finally:
            self._sockets[address] -= 1
            if not self._sockets[address]:
                del self._sockets[address]

    def _allowed(self, origin: bytes | None) -> bytes | None:
        if origin is None:
            return None
        if self._policy.origins is None:
            return b"*"
        return origin if origin in self._policy.origins else None

    def _client(self, scope: Scope) -> tuple[str, int] | None:
        """The nearest address that is not one of our proxies, read from the right: the left can be forged."""
        peer: tuple[str, int] | None = scope.get("client")
        if peer is None or not self._policy.proxies or not self._trusts(peer[0]):
            return peer
        hops: Sequence[str] = [
            hop.strip()
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
            for hop in value.decode("latin-1").split(",")
        ]
        for hop in reversed(hops):
            address = _address(hop)
            if address is None:
                return peer
            if not self._trusts(hop):
                return str(address), 0
        return peer

    def _trusts(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._policy.proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _request_id(said: bytes) -> bytes:
    return said if said and _REQUEST_ID.fullmatch(said) else _new_id()


def _new_id() -> bytes:
    """A random id; the system is asked for many at a time."""
    if not _ids:
        many = os.urandom(16 * _IDS_AT_ONCE).hex().encode()
        _ids.extend(many[at : at + 32] for at in range(0, len(many), 32))
    return _ids.pop()


def _preflight() -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", _HEADERS_OF_CLIENTS),
        (b"access-control-max-age", _PREFLIGHT_S),
        (b"vary", b"origin, access-control-request-method, access-control-request-headers"),
    ]


def _completing(send: Send, request_id: bytes, origin: bytes | None) -> Send:
    """`send` with the headers added that the route did not set itself."""

    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            named = {name for name, _ in headers}
            headers += [pair for pair in _CAREFUL if pair[0] not in named]
            if b"x-request-id" not in named:
                headers.append((b"x-request-id", request_id))
            message = {**message, "headers": headers + _sharing(origin)}
        await send(message)

    return complete


def _writing(write: WriteAnswer, origin: bytes | None) -> WriteAnswer:
    """The same for an answer that is written at once, which has its request's id."""
    lines = _CAREFUL_LINES
    if origin is not None:
        lines += b"".join(b"%b: %b\r\n" % pair for pair in _sharing(origin))
    return lambda head, body: write(lines + head, body)


def _sharing(origin: bytes | None) -> list[tuple[bytes, bytes]]:
    """What lets pages of an origin read the answer."""
    if origin is None:
        return []
    headers = [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"x-request-id, retry-after"),
    ]
    return headers if origin == b"*" else [*headers, (b"vary", b"origin")]
