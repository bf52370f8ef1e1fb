"""What requests write, and what is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.access.callers import Caller
    from domain.ledger.deposits.states import RequestKind, RequestStatus
    from domain.ledger.deposits.views import DepositRequestView
    from domain.money import Money
    from domain.paging import Page, PageRequest
from domain.selected import ALL, Selected


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """A request that is to be."""

    kind: RequestKind
    channel_id: UUID
    amount: Money
    note: str
    approvals_needed: int


class DepositRequests(Protocol):
    """Requests in one transaction. A request's row is locked before any deposit."""

    @property
    def two_persons_above_minor(self) -> int:
        """Minor units above which two persons have to approve, in every currency."""

    async def add(self, draft: RequestDraft, caller: Caller) -> DepositRequestView:
        """Write a new one, PENDING."""

    async def lock(self, request_id: UUID, caller: Caller) -> DepositRequestView | None:
        """One of the caller's channel or below, locked until the commit; None as for one that never was."""

    async def approve(self, request: DepositRequestView, caller: Caller) -> DepositRequestView:
        """Add the caller to those who approved a locked one; twice is once."""

    async def move(
        self,
        request: DepositRequestView,
        status: RequestStatus,
        reason: str | None = None,
        reference: str | None = None,
    ) -> DepositRequestView:
        """Write the new status of a locked one."""


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests; None does not narrow. `channel` is a code, and means its subtree."""

    channel: str | None = None
    kind: RequestKind | None = None
    status: Sequence[RequestStatus] | None = None


class DepositReads(Protocol):
    """Requests of the caller's channel and of all below it."""

    async def requests(
        self, caller: Caller, wanted: RequestFilter, request: PageRequest, selected: Selected = ALL
    ) -> Page[DepositRequestView]:
        """Requests, the newest first."""

    async def node(self, caller: Caller, type_name: str, id: UUID) -> DepositRequestView | None:
        """A DepositRequest; None where it is out of scope."""
