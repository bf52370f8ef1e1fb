"""What suppliers answer, in our words, whatever theirs are."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.supply.states import AttemptState


@dataclass(frozen=True, slots=True)
class Answer:
    """A state that a supplier reported. FAILED only for what the adapter lists as a definite failure."""

    state: AttemptState
    reference: str | None = None
    """The supplier's own number."""
    charged_minor: int | None = None
    """Of PARTIAL: the face value that was charged, in minor units."""
    detail: str = ""
    """The code or the reason, without anything personal."""


UNKNOWN = Answer(AttemptState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Submission:
    """What is to be bought; `outgoing_number` is the attempt's own and never used again."""

    outgoing_number: str
    sku: str
    account: Any = field(repr=False)
    face_minor: int | None
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request that an adapter wants made; `body` is JSON or text, already signed."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `failure` names what went wrong when nothing did (`TIMEOUT`, `CONNECTION`)."""

    status: int = 0
    body: bytes = field(default=b"", repr=False)
    failure: str | None = None


Conversation = Generator[Call, Reply, Answer]
"""An adapter's work: it yields calls, is sent their replies, and returns what they mean."""
