"""What the API shows of top-ups and withdrawals, and what it asks of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.access.permissions import DEPOSITS_APPROVE
from domain.ledger.deposits import views
from domain.ledger.deposits.decide import Payout
from domain.ledger.deposits.ports import RequestFilter
from domain.ledger.deposits.states import RequestKind, RequestStatus
from schema.audiences import asked, identified, open_to_all, visible_to
from schema.money import Money, MoneyInput
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    from schema.channels import Channel

described(
    RequestKind,
    "Which way the money goes.",
    name="DepositRequestKind",
    TOP_UP="Into the deposit.",
    WITHDRAWAL="Out of the deposit, to the channel's bank.",
)
described(
    RequestStatus,
    "Where a top-up or withdrawal is.",
    name="DepositRequestStatus",
    PENDING="Waits to be approved; a withdrawal's amount is set aside.",
    APPROVED="A withdrawal that is on its way to the bank.",
    COMPLETED="The money is in the deposit, or was paid out.",
    REJECTED="Headquarters did not approve it.",
    CANCELLED="The channel does not want it any more.",
    FAILED="The bank did not pay it out; it is in the deposit again.",
)
described(
    Payout,
    "What became of an approved withdrawal.",
    name="WithdrawalOutcome",
    PAID="The bank has paid it out.",
    FAILED="The bank did not, for certain; it goes back to the deposit.",
)


@noun(views.DepositRequestView, description="A top-up or withdrawal of a deposit (充值/提现).", prefix="dpr")
class DepositRequest(Node):
    """A request."""

    id: strawberry.ID = identified("dpr", "The opaque, stable id.")
    kind: RequestKind = open_to_all("Which way the money goes.")
    channel: Annotated[Channel, strawberry.lazy("schema.channels")] | None = open_to_all("Whose deposit.")
    amount: Money = open_to_all("How much.")
    status: RequestStatus = open_to_all("Where it is.")
    note: str = open_to_all("What its author said of it.")
    approvals: int = open_to_all("How many persons have approved it.")
    approvals_needed: int = open_to_all("How many have to.")
    reason: str | None = open_to_all("Why it was rejected or failed, where somebody said so.")
    reference: str | None = open_to_all("The bank's reference of a payment.")
    requested_by: str | None = visible_to(DEPOSITS_APPROVE, "The name of its author.")
    approved_by: list[str] | None = visible_to(DEPOSITS_APPROVE, "The names of those who approved it.")
    created_at: datetime = open_to_all("When it was asked for.")
    changed_at: datetime = open_to_all("When it took its last step.")


@strawberry.input(description="Which requests; every condition that is given must hold.")
class DepositRequestsFilter:
    """Of depositRequests."""

    channel: str | None = asked("Only those of this channel (its code) and of all below it.", default=None)
    kind: RequestKind | None = asked("Only those of this kind.", default=None)
    status: list[RequestStatus] | None = asked(
        "Only those in one of these; none for an empty list.", default=None
    )

    def wanted(self) -> RequestFilter:
        """As the domain says it."""
        status = None if self.status is None else tuple(self.status)
        return RequestFilter(self.channel, self.kind, status)


@strawberry.input(description="What was paid in, for whose deposit.")
class RequestTopUpInput:
    """Of requestTopUp."""

    channel: str = asked("The code of your channel, or of one below it.")
    amount: MoneyInput = asked("How much.")
    note: str = asked("The bank's reference, say, by which the payment is found.", default="")
    idempotency_key: str = asked("The same key asks once.")


@strawberry.input(description="What to pay out of whose deposit.")
class RequestWithdrawalInput:
    """Of requestWithdrawal."""

    channel: str = asked("The code of your channel; headquarters names any.")
    amount: MoneyInput = asked("How much; it is set aside at once.")
    note: str = asked("Where to pay it.", default="")
    idempotency_key: str = asked("The same key asks once.")


@strawberry.input(description="What to approve.")
class ApproveDepositRequestInput:
    """Of approveDepositRequest."""

    deposit_request_id: strawberry.ID = asked("The request.")
    idempotency_key: str = asked("The same key approves once.")


@strawberry.input(description="What to reject, and why.")
class RejectDepositRequestInput:
    """Of rejectDepositRequest."""

    deposit_request_id: strawberry.ID = asked("The request.")
    reason: str = asked("Why; the channel reads it.")
    idempotency_key: str = asked("The same key rejects once.")


@strawberry.input(description="What is not wanted any more.")
class CancelDepositRequestInput:
    """Of cancelDepositRequest."""

    deposit_request_id: strawberry.ID = asked("The request.")
    idempotency_key: str = asked("The same key cancels once.")


@strawberry.input(description="What the bank did with an approved withdrawal.")
class SettleWithdrawalInput:
    """Of settleWithdrawal."""

    deposit_request_id: strawberry.ID = asked("The withdrawal.")
    outcome: Payout = asked("What became of it. A time-out is no failure: wait until it is known.")
    reference: str | None = asked("The bank's reference.", default=None)
    reason: str | None = asked("Why it failed.", default=None)
    idempotency_key: str = asked("The same key settles once.")
