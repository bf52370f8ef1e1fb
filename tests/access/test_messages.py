"""Messages reach their sender after the commit; a sender that fails says nothing of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from standardwebhooks import Webhook

from domain.access.messages import Message, NotDelivered
from persistence.access.delivery import sender_of
from tests.access.world import settings_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = Message("+8613800138000", "【店】验证码 123456", "123456")


class Gateway:
    """Somebody's message gateway: remembers what was posted, and answers as it is told."""

    def __init__(self) -> None:
        self.status, self.requests = 204, list[tuple[dict[str, str], bytes]]()
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = {
            name.lower(): text for name, _, text in (line.partition(": ") for line in head[1:] if line)
        }
        self.requests.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    server = await asyncio.start_server(gateway.answer, "127.0.0.1", 0)
    gateway.port = server.sockets[0].getsockname()[1]
    async with server:
        yield gateway


async def test_lines_that_are_written_together_stay_whole(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "var")
    await asyncio.gather(*(sender_of(settings).send(MESSAGE) for _ in range(50)))
    lines = settings.messages_path.read_bytes().splitlines()
    assert [orjson.loads(line) for line in lines] == [
        {"to": MESSAGE.to, "text": MESSAGE.text, "code": "123456"}
    ] * 50


async def test_a_gateway_gets_a_signed_message(tmp_path: Path, gateway: Gateway) -> None:
    url = f"http://127.0.0.1:{gateway.port}/messages"
    sender = sender_of(settings_of(tmp_path, message_sender="http", message_url=url, message_secret=SECRET))
    await sender.send(MESSAGE)
    ((headers, body),) = gateway.requests
    assert Webhook(SECRET).verify(body, headers) == {"to": MESSAGE.to, "text": MESSAGE.text}


@pytest.mark.parametrize("status", [302, 400, 500])
async def test_anything_but_success_is_not_delivered_and_tells_nothing(
    tmp_path: Path, gateway: Gateway, status: int
) -> None:
    gateway.status = status
    url = f"http://127.0.0.1:{gateway.port}/messages"
    sender = sender_of(settings_of(tmp_path, message_sender="http", message_url=url, message_secret=SECRET))
    with pytest.raises(NotDelivered) as caught:
        await sender.send(MESSAGE)
    assert "123456" not in repr(caught.value)
    assert len(gateway.requests) == 1


async def test_a_gateway_that_is_away_is_not_delivered(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/messages"
    sender = sender_of(settings_of(tmp_path, message_sender="http", message_url=url, message_secret=SECRET))
    with pytest.raises(NotDelivered):
        await sender.send(MESSAGE)


def test_a_message_prints_as_nothing() -> None:
    assert repr(MESSAGE) == "Message()"
