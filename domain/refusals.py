"""Refusals: what the caller can cause and mend, each a class whose docstring is its sentence.

A fact that front ends may read is annotated with its description: `left: Annotated[int, "…"]`.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, fields
from typing import Annotated, ClassVar

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(eq=False)
class Refusal(Exception):
    """The request was refused."""

    keeps_work: ClassVar[bool] = False
    """Whether what the handler wrote before it refused is committed (a counted failure, say)."""

    def __post_init__(self) -> None:
        super().__init__(type(self).__name__)

    @property
    def code(self) -> str:
        """The class's name in upper snake case, as front ends switch on it."""
        return code_of(type(self))

    @property
    def message(self) -> str:
        """The docstring's first line with this refusal's facts filled in."""
        sentence = (inspect.getdoc(type(self)) or "").partition("\n")[0]
        return sentence.format_map({f.name: getattr(self, f.name) for f in fields(self)})

    @property
    def field(self) -> list[str] | None:
        """The path of the input field that is to be changed, where there is one."""
        return None

    def __str__(self) -> str:
        return self.message


def code_of(refusal: type[Refusal]) -> str:
    """`StockExhausted` → `STOCK_EXHAUSTED`."""
    return _WORD.sub("_", refusal.__name__).upper()


@dataclass(eq=False)
class NotFound(Refusal):
    """There is no such {what}."""

    what: Annotated[str, "What was looked for."]
    at: str = "id"

    @property
    def field(self) -> list[str] | None:
        """The input field that named it, dotted for nested ones."""
        return self.at.split(".")


@dataclass(eq=False)
class InvalidInput(Refusal):
    """{reason}"""

    reason: Annotated[str, "What is wrong with the value, and what would be right."]
    at: str

    @property
    def field(self) -> list[str] | None:
        """The input field, dotted for nested ones."""
        return self.at.split(".")


@dataclass(eq=False)
class IdempotencyConflict(Refusal):
    """This idempotencyKey was used with another request; use a new key for a new request."""

    @property
    def field(self) -> list[str] | None:
        """Always the key."""
        return ["idempotencyKey"]


@dataclass(eq=False)
class TooManyAttempts(Refusal):
    """Too many attempts; try again in {retry_after_seconds} seconds."""

    retry_after_seconds: Annotated[int, "Seconds until the next attempt is looked at."]


class BadRequest(Exception):
    """The request itself is wrong, whatever the data: an argument out of its range, a foreign cursor."""


class Forbidden(Exception):
    """The caller lacks a permission: a broken request, not a refusal of the trade."""

    def __init__(self, permission: str) -> None:
        super().__init__(f"This needs the permission {permission}, which this token does not have.")
        self.permission = permission


class Unauthenticated(Exception):
    """The token is missing, unknown, expired or revoked."""

    def __init__(self, reason: str = "This token is not valid any more; sign in again.") -> None:
        super().__init__(reason)
