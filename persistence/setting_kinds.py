"""Kinds of settings that are read at the start, so that a slip is told there and not by the first request."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

_REDIS = ("redis://", "rediss://", "unix://")


def _networks(text: str) -> str:
    for entry in filter(None, (part.strip() for part in text.split(","))):
        try:
            ip_network(entry, strict=False)
        except ValueError:
            raise ValueError("Give addresses or networks such as 10.0.0.0/8, comma separated") from None
    return text


def _redis(text: str) -> str:
    """Valkey speaks Redis' protocol, and its clients spell the address in their own way."""
    spelled = "redis" + text[len("valkey") :] if text.startswith(("valkey://", "valkeys://")) else text
    if not spelled.startswith(_REDIS):
        raise ValueError("Give an address such as redis://127.0.0.1:6379/0")
    return spelled


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("Give the name of a time zone such as Asia/Shanghai")
    return name


Count = Annotated[int, Field(ge=1)]
"""A number of which there is at least one."""

Networks = Annotated[str, AfterValidator(_networks)]
"""IP addresses or networks, comma separated."""

RedisAddress = Annotated[str, AfterValidator(_redis)]
"""A URL of Redis or Valkey."""

Zone = Annotated[str, AfterValidator(_zone)]
"""A time zone by its name in the IANA database."""
