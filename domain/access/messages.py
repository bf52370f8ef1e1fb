"""Messages to people: what is sent, and the port of whoever delivers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A text to a phone number; it holds a one-time code, so it prints as nothing."""

    to: str = field(repr=False)
    text: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


class MessageSender(Protocol):
    """Delivers messages; called outside of any transaction, perhaps twice with the same message."""

    async def send(self, message: Message) -> None:
        """Deliver, or raise `NotDelivered`; never log the message."""


class NotDelivered(Exception):
    """The message was not taken; it may be tried again."""
