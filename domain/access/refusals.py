"""What signing in and the care for people and tokens refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from domain.refusals import Refusal


@dataclass(eq=False)
class SignInFailed(Refusal):
    """This sign-in is not right; check what you entered and try again."""

    keeps_work: ClassVar[bool] = True


@dataclass(eq=False)
class OneTimeCodeNeeded(Refusal):
    """This account also asks for the one-time code of its authenticator."""

    @property
    def field(self) -> list[str] | None:
        """The input that was left out."""
        return ["oneTimeCode"]


@dataclass(eq=False)
class SignInMethodUnavailable(Refusal):
    """Signing in by {method} is not available in this shop."""

    method: Annotated[str, "The method that was asked for."]

    @property
    def field(self) -> list[str] | None:
        """The input that chose it."""
        return ["method"]


@dataclass(eq=False)
class EmailTaken(Refusal):
    """Another person signs in with this e-mail address."""

    @property
    def field(self) -> list[str] | None:
        """The address."""
        return ["email"]


@dataclass(eq=False)
class RoleNotHere(Refusal):
    """The role {role} exists at headquarters only."""

    role: Annotated[str, "The role that cannot be given in this channel."]

    @property
    def field(self) -> list[str] | None:
        """The roles."""
        return ["roles"]


@dataclass(eq=False)
class WrongPassword(Refusal):
    """The present password is not right."""

    keeps_work: ClassVar[bool] = True

    @property
    def field(self) -> list[str] | None:
        """The present password."""
        return ["currentPassword"]
