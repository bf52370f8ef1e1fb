"""What dealing with requests refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.refusals import Refusal


@dataclass(eq=False)
class WithdrawalTooLarge(Refusal):
    """Only {available} can be paid out; {asked} were asked for."""

    available: Annotated[str, "What lies in the deposit and is not held: credit is for buying only."]
    asked: Annotated[str, "What was asked for."]

    @property
    def field(self) -> list[str] | None:
        """The amount."""
        return ["amount"]


@dataclass(eq=False)
class RequestSettled(Refusal):
    """This request is {status}; nothing can be changed about it this way."""

    status: Annotated[str, "The request's status."]


@dataclass(eq=False)
class AnotherPersonNeeded(Refusal):
    """You asked for this, or approved it, yourself; {missing} more must approve it."""

    missing: Annotated[int, "How many other persons have to approve it."]
