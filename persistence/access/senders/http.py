"""Hands messages to a gateway of the operator's by HTTP, signed as Standard Webhooks are."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx2
import orjson
from standardwebhooks import Webhook

from domain.access.messages import NotDelivered

if TYPE_CHECKING:
    from domain.access.messages import Message
    from persistence.settings import Settings

TIMEOUT_S = 10


class Sender:
    """Posts `{"to", "text"}`; anything but 2xx, and any silence, is not delivered."""

    def __init__(self, settings: Settings) -> None:
        if not settings.message_url or not settings.message_secret:
            raise ValueError("The http sender needs QUANYI_MESSAGE_URL and QUANYI_MESSAGE_SECRET.")
        self._url, self._webhook = settings.message_url, Webhook(settings.message_secret)

    async def send(self, message: Message) -> None:
        """Post it once; raises `NotDelivered` with nothing of the message in it."""
        body = orjson.dumps({"to": message.to, "text": message.text}).decode()
        name, now = f"msg_{uuid.uuid4().hex}", datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(name, now, body),
        }
        try:
            async with httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                answer = await client.post(self._url, content=body, headers=headers)
        except httpx2.HTTPError as problem:
            raise NotDelivered(type(problem).__name__) from None
        if not answer.is_success:
            raise NotDelivered(f"The gateway answered {answer.status_code}.")
