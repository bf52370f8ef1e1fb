"""What a request carries through execution: its caller, what it may read, and how it changes anything."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from schema.engine.gateway import token_of
from schema.revocations import Revocations

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.ports import Authenticator
    from domain.commands import Command
    from domain.feeds import EventFeed
    from domain.reads import Performs, Reads


@dataclass(slots=True)
class Context:
    """One request, or one operation of a socket."""

    caller: Caller
    reads: Reads
    performer: Performs
    feed: EventFeed
    loaders: dict[Any, Any] = field(default_factory=dict)
    denied: set[int] = field(default_factory=set)
    """The field nodes for which FORBIDDEN was said already."""
    known_at: int | None = None
    """A position before which the caller's token was found valid."""
    revocations: Revocations | None = None

    @property
    def request_id(self) -> str:
        """The id that the answer, the logs and the trace share."""
        return self.caller.request_id

    @property
    def trusted_only(self) -> bool:
        """Whether the caller may run registered documents only."""
        return self.caller.trusted_only

    async def trusted_text(self, document_id: str) -> str | None:
        """The registered document of an id."""
        return await self.reads.documents.text_of(self.caller, document_id)

    def left_s(self) -> float | None:
        """Seconds until the caller's token ends; None for tokens without an end."""
        ends = self.caller.expires_at
        return None if ends is None else (ends - datetime.now(UTC)).total_seconds()

    def when_revoked(self, then: Callable[[], None]) -> Callable[[], None]:
        """Call `then` when the caller's token is revoked, or a channel on its path suspended; answers how to
        stop that.
        """
        assert self.revocations is not None, "Contexts of transports come from the gateway."
        return self.revocations.watch(self.caller, self.known_at, then)

    def for_audience(self) -> Context:
        """The context of everybody who is shown the same as this caller."""
        return Context(self.caller.audience, self.reads, self.performer, self.feed)

    async def perform(self, command: Command) -> Any:
        """Carry out a command in a transaction of its own; raises its refusal."""
        return await self.performer(command, self.caller)


class ContextGateway:
    """Opens a context for each request: the engine's port, filled with our callers."""

    def __init__(
        self, authenticator: Authenticator, reads: Reads, performer: Performs, feed: EventFeed
    ) -> None:
        self._authenticator, self._reads, self._performer = authenticator, reads, performer
        self._feed, self._revocations = feed, Revocations(feed)

    async def open(
        self, headers: Mapping[str, str], init_payload: Mapping[str, Any] | None, client_address: str
    ) -> Context:
        """The context of a request; raises Unauthenticated for a token that is not valid."""
        payload = {k.lower(): v for k, v in (init_payload or {}).items() if isinstance(v, str)}
        caller = await self._authenticator.caller_of(
            token_of(headers.get("authorization")),
            address=client_address,
            device_id=payload.get("x-device-id") or headers.get("x-device-id"),
            request_id=headers.get("x-request-id", "")[:64] or uuid.uuid4().hex,
        )
        known_at = caller.known_at
        return Context(
            caller, self._reads, self._performer, self._feed, known_at=known_at, revocations=self._revocations
        )
