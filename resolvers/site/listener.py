"""One API process: a socket, and uvicorn on it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

import uvicorn

from resolvers.site.direct import DirectHttp
from resolvers.site.framed import FramedSocket
from resolvers.site.lifespan import Living

LARGEST_MESSAGE = 1_048_576
"""Bytes of one WebSocket message; the endpoint's own limit is lower and answers with a reason."""

KEEP_ALIVE_S = 75
"""Longer than proxies keep idle connections, so that none sends a request into a closing one."""


class CannotListen(Exception):
    """The address is taken, or not ours."""


def bound(host: str, port: int) -> socket.socket:
    """A socket on the address, which does not listen yet: who connects too early is refused, not kept."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as problem:
        raise CannotListen(
            f"{host}:{port} cannot be used: {problem.strerror or problem}. Choose another with PORT or HOST."
        ) from None
    listener.set_inheritable(True)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a client on this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1"
    elif address.version == 6:
        host = f"[{host}]"
    return f"http://{host}:{port}"


def serve(app: Living, listener: socket.socket, shutdown_s: int, started: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, which are raised again afterwards.

    `started` is called when requests are answered; running ones get `shutdown_s` seconds at the end.
    """
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=DirectHttp,
        ws=FramedSocket,
        ws_max_size=LARGEST_MESSAGE,
        # Compression would keep a window of 32 KiB for each socket, and our messages are short.
        ws_per_message_deflate=False,
        # The endpoint asks by the protocol's own ping, which a browser answers from its script.
        ws_ping_interval=None,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # The edge reads X-Forwarded-For, and believes it from our own proxies only.
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=shutdown_s,
    )
    _Server(config, app, started).run([listener])


class _Server(uvicorn.Server):
    """uvicorn, which would wait for subscriptions to end by themselves."""

    def __init__(self, config: uvicorn.Config, app: Living, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._app, self._tell = app, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        if self.started:
            self._tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening and let the long-lived connections go, then stop as uvicorn does."""
        for server in self.servers:
            server.close()
        await self._app.leave()
        await super().shutdown(sockets)
