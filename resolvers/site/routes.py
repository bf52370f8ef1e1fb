"""The routes: which application answers which path, and a JSON 404 for every other."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from schema.engine.asgi import Asgi, Receive, Scope, Send


class Routes:
    """An ASGI application that dispatches on the exact path, below which a route may claim a folder.

    `http` maps paths to applications; a path that ends in `/` stands for everything below it. `sockets` does
    the same for WebSockets.
    """

    def __init__(self, http: Mapping[str, Asgi], sockets: Mapping[str, Asgi]) -> None:
        self._http, self._sockets = dict(http), dict(sockets)
        self._folders = tuple((path, app) for path, app in http.items() if path.endswith("/"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        path: str = scope["path"]
        if scope["type"] == "websocket":
            socket = self._sockets.get(path)
            if socket is not None:
                await socket(scope, receive, send)
            elif (await receive())["type"] == "websocket.connect":
                await send({"type": "websocket.close", "code": 4404, "reason": "Not found"})
            return
        app = self._http.get(path) or next((a for below, a in self._folders if path.startswith(below)), None)
        if app is None:
            message = "There is nothing here; the API is at /graphql."
            error = {"message": message, "extensions": {"code": "NOT_FOUND"}}
            await respond(send, 404, {"errors": [error]})
            return
        await app(scope, receive, send)


async def respond(send: Send, status: int, value: object) -> None:
    """Write a JSON response that nobody keeps."""
    await respond_bytes(send, status, "application/json; charset=utf-8", orjson.dumps(value))


async def respond_bytes(send: Send, status: int, content_type: str, body: bytes) -> None:
    """Write a response that nobody keeps."""
    headers = [
        (b"content-type", content_type.encode("latin-1")),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
