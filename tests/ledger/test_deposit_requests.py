"""Deposits are topped up and paid out once, by as many as the sum needs, and never beyond the balance."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest

from domain.access.callers import Caller, CallerKind
from domain.access.permissions import Role, of_agent
from domain.commands import Command
from domain.ids import new_id
from domain.ledger.deposits.ask import RequestTopUp, RequestWithdrawal
from domain.ledger.deposits.decide import (
    ApproveDepositRequest,
    CancelDepositRequest,
    Payout,
    RejectDepositRequest,
    SettleWithdrawal,
)
from domain.ledger.deposits.ports import RequestFilter
from domain.ledger.deposits.refusals import AnotherPersonNeeded, RequestSettled, WithdrawalTooLarge
from domain.ledger.deposits.states import RequestKind, RequestStatus, RequestStep, after
from domain.ledger.deposits.views import DepositRequestView
from domain.money import Money
from domain.paging import PageRequest
from domain.refusals import Forbidden, IdempotencyConflict, InvalidInput, NotFound
from persistence.bells import LocalBell
from persistence.ledger.deposit_reads import StoredDepositReads
from persistence.perform import Performer
from persistence.settings import Settings
from persistence.work import Tools
from tests.ledger.bank import PARENTS, Bank


@dataclass
class Desk:
    """People of the bank's channels, and what they do."""

    bank: Bank
    perform: Performer
    people: dict[str, Caller]

    async def person(self, name: str, channel: str, role: Role) -> None:
        agent, path = new_id(), [self.bank.channels[channel]]
        while (above := PARENTS[channel]) is not None:
            channel = above
            path.insert(0, self.bank.channels[channel])
        await self.bank.rows(
            "INSERT INTO agent (id, email, name, channel_id, password_hash, roles)"
            " VALUES ($1, $2, $2, $3, 'x', '{}')",
            agent, name, path[-1],
        )  # fmt: skip
        self.people[name] = Caller(
            CallerKind.AGENT, of_agent(frozenset({role}), len(path) == 1), agent, name=name,
            channel_id=path[-1], channel_path=tuple(path), request_id="test",
        )  # fmt: skip

    async def does(self, who: str, command: Command) -> DepositRequestView:
        found: DepositRequestView = await self.perform(command, self.people[who])
        return found

    async def top_up(self, who: str, minor: int, channel: str = "s", key: str = "") -> DepositRequestView:
        return await self.does(who, RequestTopUp(key or new_id().hex, channel, Money(minor), "bank 1"))

    async def withdraw(self, who: str, minor: int, channel: str = "s") -> DepositRequestView:
        return await self.does(who, RequestWithdrawal(new_id().hex, channel, Money(minor)))

    async def approve(self, who: str, request: DepositRequestView) -> DepositRequestView:
        return await self.does(who, ApproveDepositRequest(new_id().hex, request.id))


@pytest.fixture
async def desk(bank: Bank) -> Desk:
    """Two who may approve, an owner of P and of S, and somebody of S who may do nothing of it."""
    tools = Tools(None, Settings(demo=True, two_persons_above_minor=100_000))  # type: ignore[arg-type]
    desk = Desk(bank, Performer(bank.database, LocalBell(), tools), {})
    for name, channel, role in (
        ("ann", "HQ", Role.FINANCE), ("bob", "HQ", Role.ADMIN), ("cai", "HQ", Role.OWNER),
        ("pat", "P", Role.OWNER), ("sam", "S", Role.FINANCE), ("sue", "S", Role.SALES),
        ("tom", "T", Role.OWNER),
    ):  # fmt: skip
        await desk.person(name, channel, role)
    return desk


async def test_a_top_up_counts_when_as_many_have_approved_it_as_it_needs(desk: Desk) -> None:
    bank = desk.bank
    asked = await desk.top_up("sam", 100_000)
    assert (asked.status, asked.approvals_needed, asked.missing) == (RequestStatus.PENDING, 1, 1)
    assert await bank.balance("S") == (0, 0, 0, 0)
    done = await desk.approve("ann", asked)
    assert (done.status, done.approved_by, done.note) == (RequestStatus.COMPLETED, ("ann",), "bank 1")
    assert await bank.balance("S") == (100_000, 0, 0, 0)

    more = await desk.top_up("pat", 100_001)
    assert more.approvals_needed == 2
    once = await desk.approve("ann", more)
    assert (once.status, once.missing) == (RequestStatus.PENDING, 1)
    with pytest.raises(AnotherPersonNeeded) as again:
        await desk.approve("ann", more)
    assert again.value.missing == 1
    assert (await desk.approve("bob", more)).status is RequestStatus.COMPLETED
    assert await bank.balance("S") == (200_001, 0, 0, 0)

    # Who may approve has approved what it asks for: one step up to the threshold, another person above it.
    assert (await desk.top_up("bob", 5)).status is RequestStatus.COMPLETED
    own = await desk.top_up("bob", 100_001)
    assert (own.status, own.approvals) == (RequestStatus.PENDING, 1)
    with pytest.raises(AnotherPersonNeeded):
        await desk.approve("bob", own)
    assert await bank.balance("S") == (200_006, 0, 0, 0)
    assert (await desk.approve("cai", own)).approved_by == ("bob", "cai")
    assert await bank.balance("S") == (300_007, 0, 0, 0)
    assert (await bank.headquarters())["PAYMENT_CLEARING"] == -300_007
    assert await bank.differences() == []


async def test_a_withdrawal_is_set_aside_at_once_and_paid_or_given_back(desk: Desk) -> None:
    bank = desk.bank
    await bank.open_deposit("S", 1_000, credit=500)
    with pytest.raises(WithdrawalTooLarge) as refused:
        await desk.withdraw("sam", 1_001)
    assert (refused.value.available, refused.value.asked) == ("10.00", "10.01")
    assert await bank.value("SELECT count(*) FROM deposit_request") == 0

    paid = await desk.withdraw("sam", 400)
    failed = await desk.withdraw("sam", 300)
    rejected = await desk.withdraw("sam", 200)
    cancelled = await desk.withdraw("sam", 100)
    assert await bank.balance("S") == (0, 1_000, 0, 0)
    with pytest.raises(RequestSettled):
        await desk.does("ann", SettleWithdrawal(new_id().hex, paid.id, Payout.PAID))
    assert (await desk.approve("ann", paid)).status is RequestStatus.APPROVED
    await desk.approve("bob", failed)
    with pytest.raises(RequestSettled) as late:
        await desk.does("sam", CancelDepositRequest(new_id().hex, paid.id))
    assert late.value.status == "APPROVED"
    assert await bank.balance("S") == (0, 1_000, 0, 0)
    done = await desk.does("ann", SettleWithdrawal(new_id().hex, paid.id, Payout.PAID, reference="B-7"))
    assert (done.status, done.reference) == (RequestStatus.COMPLETED, "B-7")
    back = SettleWithdrawal(new_id().hex, failed.id, Payout.FAILED, reason="no such account")
    assert (await desk.does("ann", back)).reason == "no such account"
    told = await desk.does("bob", RejectDepositRequest(new_id().hex, rejected.id, "not this month"))
    assert (told.status, told.reason) == (RequestStatus.REJECTED, "not this month")
    assert (await desk.does("sam", CancelDepositRequest(new_id().hex, cancelled.id))).status == "CANCELLED"
    assert await bank.balance("S") == (600, 0, 0, 0)
    assert (await bank.headquarters())["PAYMENT_CLEARING"] == -600
    for settled in (paid, failed, rejected, cancelled):
        with pytest.raises(RequestSettled):
            await desk.approve("ann", settled)
    assert (await bank.balance("S"), await bank.differences()) == ((600, 0, 0, 0), [])


async def test_a_repetition_moves_nothing_and_two_at_once_move_it_once(desk: Desk) -> None:
    bank = desk.bank
    command = RequestTopUp("k", "s", Money(700))
    first, second = await asyncio.gather(*(desk.does("ann", command) for _ in range(2)))
    assert first == second
    assert await bank.balance("S") == (700, 0, 0, 0)
    with pytest.raises(IdempotencyConflict):
        await desk.does("ann", replace(command, amount=Money(701)))
    asked = await desk.top_up("sam", 200_000)
    told = await asyncio.gather(
        *(desk.approve(who, asked) for who in ("ann", "bob", "cai")), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in told) == [
        "DepositRequestView", "DepositRequestView", "RequestSettled",
    ]  # fmt: skip
    assert await bank.balance("S") == (200_700, 0, 0, 0)
    # Ten ask for what would be enough for six.
    await bank.open_deposit("T", 600)
    tries = await asyncio.gather(*(desk.withdraw("tom", 100, "t") for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, DepositRequestView) for one in tries) == 6
    assert {type(one) for one in tries} == {DepositRequestView, WithdrawalTooLarge}
    assert await bank.balance("T") == (0, 600, 0, 0)


async def test_who_asks_and_who_decides(desk: Desk) -> None:
    bank = desk.bank
    await bank.open_deposit("S", 1_000)
    asked = await desk.top_up("sam", 100)
    cases: list[tuple[str, Command, type[Exception]]] = [
        ("sue", RequestTopUp("1", "s", Money(1)), Forbidden),
        ("sam", ApproveDepositRequest("2", asked.id), Forbidden),
        ("pat", ApproveDepositRequest("3", asked.id), Forbidden),
        ("sam", SettleWithdrawal("4", asked.id, Payout.PAID), Forbidden),
        ("tom", RequestTopUp("5", "s", Money(1)), NotFound),
        ("tom", RequestTopUp("6", "q", Money(1)), NotFound),
        ("tom", CancelDepositRequest("7", asked.id), NotFound),
        ("tom", CancelDepositRequest("7", new_id()), NotFound),
        ("pat", RequestWithdrawal("8", "s", Money(1)), InvalidInput),
        ("pat", CancelDepositRequest("9", asked.id), InvalidInput),
        ("ann", RequestTopUp("10", "hq", Money(1)), InvalidInput),
        ("sam", RequestTopUp("11", "s", Money(0)), InvalidInput),
        ("sam", RequestTopUp("12", "s", Money(1, "USD")), InvalidInput),
        ("sam", RequestTopUp("13", "s", Money(1), "x" * 201), InvalidInput),
        ("ann", RejectDepositRequest("14", asked.id, " "), InvalidInput),
    ]
    for who, command, refusal in cases:
        with pytest.raises(refusal):
            await desk.does(who, command)
    assert await bank.balance("S") == (1_000, 0, 0, 0)
    assert (await desk.withdraw("bob", 10)).status is RequestStatus.APPROVED


async def test_each_lists_its_own_requests_and_those_below(desk: Desk) -> None:
    bank = desk.bank
    await bank.open_deposit("S", 1_000)
    asked = await desk.top_up("sam", 100)
    await desk.withdraw("bob", 10)
    reads, page = (
        StoredDepositReads(bank.database),
        PageRequest.of(None, None, None, None, "deposit-requests"),
    )
    counts = {}
    for who in ("ann", "pat", "sam", "sue", "tom"):
        found = await reads.requests(desk.people[who], RequestFilter(), page)
        counts[who] = (len(found.edges), await found.count())
        assert (await reads.node(desk.people[who], "DepositRequest", asked.id) is None) == (
            who in ("sue", "tom")
        )
    assert counts == {"ann": (2, 2), "pat": (2, 2), "sam": (2, 2), "sue": (0, 0), "tom": (0, 0)}
    kind = RequestFilter("q", RequestKind.WITHDRAWAL, (RequestStatus.APPROVED, RequestStatus.FAILED))
    (edge,) = (await reads.requests(desk.people["ann"], kind, page)).edges
    behind = PageRequest.of(1, edge.cursor, None, None, "deposit-requests")
    (older,) = (await reads.requests(desk.people["ann"], RequestFilter(), behind)).edges
    assert (edge.node.kind, older.node.id) == (RequestKind.WITHDRAWAL, asked.id)
    above: Any = RequestFilter(channel="p")
    assert (await reads.requests(desk.people["sam"], above, page)).edges == []
    assert (await reads.requests(desk.people["ann"], RequestFilter(status=()), page)).edges == []


def test_only_the_steps_of_the_table_are_possible() -> None:
    possible = {
        (kind.value, status.value, step.value): str(found)
        for kind in RequestKind
        for status in RequestStatus
        for step in RequestStep
        if (found := after(kind, status, step))
    }
    assert possible == {
        ("TOP_UP", "PENDING", "APPROVE"): "COMPLETED", ("TOP_UP", "PENDING", "REJECT"): "REJECTED",
        ("TOP_UP", "PENDING", "CANCEL"): "CANCELLED", ("WITHDRAWAL", "PENDING", "APPROVE"): "APPROVED",
        ("WITHDRAWAL", "PENDING", "REJECT"): "REJECTED", ("WITHDRAWAL", "PENDING", "CANCEL"): "CANCELLED",
        ("WITHDRAWAL", "APPROVED", "PAY_OUT"): "COMPLETED", ("WITHDRAWAL", "APPROVED", "FAIL"): "FAILED",
    }  # fmt: skip
