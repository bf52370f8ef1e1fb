"""Who handles which command, and who reacts to which event: filled by decorators, read by `perform`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.events import Event
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Command:
    """A wish that changes something; its fields are what the caller said."""

    requires: ClassVar[str | None] = None
    """The permission without which it is not even looked at; None where the handler decides."""


@dataclass(frozen=True, slots=True)
class IdempotentCommand(Command):
    """A command that has one effect however often the same key repeats it."""

    idempotency_key: str


@dataclass(frozen=True, slots=True)
class SharedCommand(IdempotentCommand):
    """A command that may share its transaction with others of its kind, each with an outcome of its own.

    Its handler does all that can refuse before it writes: to refuse later costs its neighbours a second try.
    """

    @property
    def lane(self) -> Hashable:
        """What it queues for: only commands of one lane share a transaction."""
        return None

    @property
    def apart(self) -> Hashable:
        """What only one command of a transaction may name, beside its key; None for nothing."""
        return None


Handler = Callable[[Any, "Caller", "UnitOfWork"], Awaitable[Any]]
Reaction = Callable[[Any, "UnitOfWork"], Awaitable[None]]
_H = TypeVar("_H", bound=Handler)
_R = TypeVar("_R", bound=Reaction)

HANDLERS: dict[type[Command], Handler] = {}
REACTIONS: dict[type[Event], list[Reaction]] = defaultdict(list)


def handles(command: type[Command]) -> Callable[[_H], _H]:
    """Declare the one function that carries out a kind of command."""

    def register(handler: _H) -> _H:
        if command in HANDLERS:
            raise TypeError(f"{command.__name__} has a handler already.")
        HANDLERS[command] = handler
        return handler

    return register


def reacts_to(event: type[Event]) -> Callable[[_R], _R]:
    """Declare a function that runs in the transaction which recorded an event of this kind."""

    def register(reaction: _R) -> _R:
        REACTIONS[event].append(reaction)
        return reaction

    return register
