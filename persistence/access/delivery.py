"""Delivers messages after the commit: a job that opens the sealed message and hands it to the sender."""

from __future__ import annotations

import base64
import importlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import orjson

from domain.access.messages import Message
from persistence.access import senders
from persistence.access.sealing import open_sealed
from persistence.jobs import Desk, job

if TYPE_CHECKING:
    from domain.access.messages import MessageSender
    from persistence.settings import Settings

ENTRYPOINT = "access.message"
PURPOSE = "message"


def packed(message: Message) -> str:
    """A message as one text, to be sealed."""
    return orjson.dumps([message.to, message.text, message.code]).decode()


@lru_cache(maxsize=8)
def sender_of(settings: Settings) -> MessageSender:
    """The sender that the settings name."""
    module = importlib.import_module(f"{senders.__name__}.{settings.message_sender}")
    return cast("MessageSender", module.Sender(settings))


@job(ENTRYPOINT)
async def deliver(facts: dict[str, Any], desk: Desk) -> None:
    """Send one message; a sender that fails is asked again later by the worker."""
    opened = open_sealed(desk.vault, PURPOSE, base64.b64decode(facts["sealed"]))
    await sender_of(desk.settings).send(Message(*orjson.loads(opened)))
