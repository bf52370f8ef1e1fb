"""Budgets: what a caller may ask for in a minute, and how those who share a public token are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from domain.access.callers import CallerKind
from domain.access.limits import network_of

if TYPE_CHECKING:
    from uuid import UUID

    from domain.access.callers import Caller

WINDOW_S = 60
"""Seconds after which a budget is full again."""


class Scope(StrEnum):
    """Whose budget it is."""

    PRINCIPAL = "PRINCIPAL"
    """The token's, the customer's or the agent's."""
    ADDRESS = "ADDRESS"
    """That of one network address (a /64 in IPv6) among all who use a public token."""
    DEVICE = "DEVICE"
    """That of one device among them."""


@dataclass(frozen=True, slots=True)
class Budget:
    """So many units a minute for one subject, whose name holds no token."""

    scope: Scope
    subject: str
    per_minute: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the tightest of some budgets stands."""

    budget: Budget
    remaining: int
    resets_in_s: int
    """Whole seconds until it is full again, at least 1."""
    refused: bool
    """Whether nothing was taken, because there was less left than was asked for."""


class Spending(Protocol):
    """Keeps count of what was spent."""

    def spend(self, budgets: Sequence[Budget], units: int, *, anyway: bool = False) -> Standing:
        """Take units from all of the budgets (at least one), or from none; `anyway` takes them even so."""


@dataclass(frozen=True, slots=True, eq=False)
class BudgetPolicy:
    """The sizes, in units a minute; one object for a process, so that it may be looked up by what it is."""

    storefront: int = 20_000_000
    customer: int = 500_000
    agent: int = 2_000_000
    api_client: int = 10_000_000
    address: int = 2_000_000
    device: int = 500_000

    def of(self, caller: Caller) -> tuple[Budget, ...]:
        """All budgets that a caller's operation is taken from; none for our own processes.

        Whoever has no token of its own is told from others by its address and its device.
        """
        return _budgets(self, caller.kind, caller.subject_id, caller.address, caller.device_id)


@lru_cache(maxsize=10_000)
def _budgets(
    policy: BudgetPolicy, kind: CallerKind, subject: UUID | None, address: str, device: str | None
) -> tuple[Budget, ...]:
    sizes = {
        CallerKind.STOREFRONT: policy.storefront,
        CallerKind.CUSTOMER: policy.customer,
        CallerKind.AGENT: policy.agent,
        CallerKind.API_CLIENT: policy.api_client,
    }
    found = [Budget(Scope.PRINCIPAL, f"{kind.value}:{subject}", sizes[kind])] if kind in sizes else []
    if kind in (CallerKind.STOREFRONT, CallerKind.ANONYMOUS):
        if address:
            found.append(Budget(Scope.ADDRESS, f"address:{network_of(address)}", policy.address))
        if device:
            found.append(Budget(Scope.DEVICE, f"device:{subject}:{device}", policy.device))
    return tuple(found)
