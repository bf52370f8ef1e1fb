"""uvicorn's WebSocket, which also writes a frame in one step: thousands of clients get the same one."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from schema.engine.asgi import WRITE_TEXT

_SHORT, _MIDDLE = 126, 1 << 16


class FramedSocket(WebSocketsSansIOProtocol):
    """Offers `WRITE_TEXT` beside ASGI's own `send`, which does much more for the same bytes.

    Nothing is compressed and a server masks nothing, so a frame is its length and its text. The buffer is as
    bounded as with `send`: while the client does not read, nothing is written.
    """

    async def run_asgi(self) -> None:
        """Serve, with the extension in the scope."""
        offered: dict[str, Any] = self.scope["extensions"]
        offered[WRITE_TEXT] = self.write_text
        await super().run_asgi()

    def write_text(self, parts: tuple[bytes, bytes]) -> bool:
        """Write one text frame at once; false when `send` has to decide, since the client is not ready."""
        if (
            self.conn.state is not State.OPEN
            or self.close_sent
            or self.disconnected
            or not self.writable.is_set()
        ):
            return False
        size = len(parts[0]) + len(parts[1])
        if size < _SHORT:
            head = b"\x81%c" % size
        elif size < _MIDDLE:
            head = b"\x81\x7e" + size.to_bytes(2, "big")
        else:
            head = b"\x81\x7f" + size.to_bytes(8, "big")
        self.transport.write(b"".join((head, *parts)))
        return True
