"""uvicorn's HTTP, which also writes a whole answer in one step: what GraphQL answers is mostly a 200."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from schema.engine.asgi import WRITE_ANSWER

_OK = STATUS_LINE[200]


class DirectHttp(HttpToolsProtocol):
    """Offers `WRITE_ANSWER` beside ASGI's own `send`, which looks at every byte of every header."""

    def on_headers_complete(self) -> None:
        """Begin the request, with the extension in its scope before anybody reads that."""
        super().on_headers_complete()
        cycle: RequestResponseCycle | None = self.cycle
        scope = cast("dict[str, Any]", self.scope)
        if cycle is not None and cycle.scope is scope:  # an upgrade has none
            offered: dict[str, Any] = {WRITE_ANSWER: partial(_write, cycle)}
            scope["extensions"] = offered


def _write(cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
    """Write a response at once; false where `send` has to decide: the client is slow, gone or leaving."""
    if cycle.response_started or cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive:
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    own = [part for name, value in cycle.default_headers for part in (name, b": ", value, b"\r\n")]
    cycle.transport.write(b"".join((_OK, *own, head, body)))
    cycle.message_event.set()
    cycle.on_response()
    return True
