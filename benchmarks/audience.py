"""The audience of the fan-out: a process with thousands of sockets that counts what reaches them.

It reads a JSON plan as the first line of its input, and says `ready`, then `all` whenever so many messages
have come again as there are sockets, with the seconds since it was last asked (by an empty line).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import uvloop

_HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
AT_ONCE = 50
TEXT, CLOSE, LONG = 1, 8, 126


def frame(text: str) -> bytes:
    """A client's text frame; a mask of zeros leaves the bytes as they are."""
    body = text.encode()
    size = bytes((0x80 | len(body),)) if len(body) < LONG else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + size + b"\0\0\0\0" + body


class Audience:
    """All sockets."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.count, self.ready, self.got = int(plan["sockets"]), 0, 0
        self.first = ""
        self.bytes = 0
        self.asked_at = time.perf_counter()
        self.all_ready = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Connect and subscribe with every socket."""
        loop = asyncio.get_running_loop()
        for start in range(0, self.count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, self.count))
            await asyncio.gather(*(self._connect(loop, number) for number in numbers))
        await self.all_ready
        print("ready", flush=True)

    async def _connect(self, loop: asyncio.AbstractEventLoop, number: int) -> None:
        # So many ports has one address that more sockets need more of them.
        address = (f"127.0.0.{2 + number // 20_000}", 0)
        host, port = self.plan["host"], self.plan["port"]
        await loop.create_connection(lambda: Socket(self, number), host, port, local_addr=address)

    def acknowledged(self) -> None:
        """A socket has subscribed."""
        self.ready += 1
        if self.ready == self.count:
            self.all_ready.set_result(None)

    def heard(self, message: bytes) -> None:
        """A socket got a message."""
        self.got += 1
        self.bytes += len(message)
        if self.got % self.count == 0:
            said = {
                "s": time.perf_counter() - self.asked_at,
                "bytes": self.bytes,
                "message": message.decode(),
            }
            print("all", json.dumps(said), flush=True)


class Socket(asyncio.Protocol):
    """One socket that knows as much of the protocols as a subscriber has to."""

    __slots__ = ("_audience", "_number", "_rest", "_state", "_transport")

    def __init__(self, audience: Audience, number: int) -> None:
        self._audience, self._number = audience, number
        self._rest, self._state = b"", "handshake"
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = transport
        self._transport.write(_HANDSHAKE % self._audience.plan["host"].encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """No socket may be lost."""
        if self._audience.plan:
            print(f"lost socket {self._number}: {exc} {self._rest[:200]!r}", flush=True)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the handshake, then frames."""
        self._rest += data
        if self._state == "handshake":
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._rest, self._state = rest, "init"
            payload = {"token": self._audience.plan["token"]}
            self._transport.write(frame(json.dumps({"type": "connection_init", "payload": payload})))
        while self._take():
            pass

    def _take(self) -> bool:
        """Take one frame, if it is whole."""
        rest = self._rest
        if len(rest) < 2:
            return False
        size, at = rest[1] & 0x7F, 2
        if size == LONG:
            size, at = int.from_bytes(rest[2:4], "big"), 4
        if len(rest) < at + size:
            return False
        opcode, message, self._rest = rest[0] & 0x0F, rest[at : at + size], rest[at + size :]
        if opcode == TEXT and self._state == "init":
            self._state = "subscribed"
            documents = self._audience.plan["payloads"]
            payload = documents[self._number % len(documents)]
            said = {"type": "subscribe", "id": "subscription", "payload": payload}
            self._transport.write(frame(json.dumps(said)))
            self._audience.acknowledged()
        elif opcode == TEXT and message == b'{"type":"ping"}':
            self._transport.write(frame('{"type":"pong"}'))
        elif opcode == TEXT:
            self._audience.heard(message)
        elif opcode == CLOSE:
            print(f"closed {self._number}: {message!r}", flush=True)
        return True


async def run() -> None:
    """Serve the plan until the input ends."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=2**26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    audience = Audience(json.loads(await reader.readline()))
    await audience.open()
    while await reader.readline():
        audience.asked_at = time.perf_counter()
    audience.plan = {}


if __name__ == "__main__":
    uvloop.run(run())
