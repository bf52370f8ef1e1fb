"""The conversation with a supplier in steps of one transaction each; the calls lie between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.commands import Command, handles
from domain.orders.progress import advance
from domain.orders.status import PartStatus, together
from domain.supply.adapters import adapters, usable
from domain.supply.answers import UNKNOWN, Answer
from domain.supply.attempts import PAUSES, Attempt, contradicts, is_news, poll
from domain.supply.states import WAITING, AttemptState

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.work import UnitOfWork

UNHEARD_OF = timedelta(minutes=2)
"""After so long without a word about a sent attempt it is asked about: its process has died."""

_OF_STATE = {
    AttemptState.SUCCEEDED: PartStatus.FULFILLED,
    AttemptState.PARTIAL: PartStatus.PARTIALLY_FULFILLED,
    AttemptState.FAILED: PartStatus.FAILED,
    AttemptState.REVERSED: PartStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class BeginAttempt(Command):
    """Commit that an attempt is sent; answers it to the one who then has to send it, None to all others."""

    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class BeginPoll(Command):
    """Answers the attempt if it is time to ask about it, else None."""

    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class RecordAnswer(Command):
    """Write down what a supplier said, whoever heard it; the same answer twice changes nothing.

    `polls` is the count of questions before this one, None for a callback, which nobody asked for.
    """

    attempt_id: UUID
    answer: Answer
    polls: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiveCallback(Command):
    """Write down what a supplier told about one of its outgoing numbers; answers whether it is known."""

    supplier: str
    outgoing_number: str
    answer: Answer


@handles(BeginAttempt)
async def begin_attempt(command: BeginAttempt, caller: Caller, work: UnitOfWork) -> Attempt | None:
    """A repeated job finds it SENT: it may have been carried out, so it is asked about, never sent again."""
    attempt = await _locked(command.attempt_id, work)
    if attempt is None:
        return None
    if not usable(attempt.supplier, work.orders.terms.sandbox):
        await work.attempts.open_case(attempt.id, "NO_ADAPTER", {"supplier": attempt.supplier})
        return None
    if attempt.state is AttemptState.CREATED:
        await work.attempts.mark_sent(attempt.id, work.now + UNHEARD_OF)
        return attempt
    if attempt.state is AttemptState.SENT:
        await _take_in(attempt, UNKNOWN, attempt.polls, work)
    return None


@handles(BeginPoll)
async def begin_poll(command: BeginPoll, caller: Caller, work: UnitOfWork) -> Attempt | None:
    """Late jobs for an attempt that was asked about meanwhile find nothing to do."""
    attempt = await _locked(command.attempt_id, work)
    due = attempt is not None and attempt.state in WAITING and attempt.next_poll_at is not None
    if attempt is None or not due or attempt.next_poll_at is None or attempt.next_poll_at > work.now:
        return None
    return attempt


@handles(RecordAnswer)
async def record_answer(command: RecordAnswer, caller: Caller, work: UnitOfWork) -> AttemptState | None:
    """The one way in which an answer arrives; answers the attempt's state."""
    attempt = await _locked(command.attempt_id, work)
    return None if attempt is None else await _take_in(attempt, command.answer, command.polls, work)


@handles(ReceiveCallback)
async def receive_callback(command: ReceiveCallback, caller: Caller, work: UnitOfWork) -> bool:
    """A callback is an answer like any other."""
    attempt_id = await work.attempts.id_of(command.supplier, command.outgoing_number)
    attempt = None if attempt_id is None else await _locked(attempt_id, work)
    if attempt is None:
        return False
    await _take_in(attempt, command.answer, None, work)
    return True


async def _locked(attempt_id: UUID, work: UnitOfWork) -> Attempt | None:
    order_id = await work.attempts.order_of(attempt_id)
    if order_id is None:
        return None
    await work.orders.lock_any(order_id)
    return await work.attempts.lock(attempt_id)


async def _take_in(attempt: Attempt, answer: Answer, polls: int | None, work: UnitOfWork) -> AttemptState:
    state = attempt.state
    if contradicts(state, answer):
        facts = {"known": state.value, "told": answer.state.value, "detail": answer.detail}
        await work.attempts.open_case(attempt.id, "CONTRADICTORY_ANSWERS", facts)
        return state
    if is_news(state, answer):
        await work.attempts.move(attempt.id, state, answer)
        state = answer.state
        await _advance_order(attempt, work)
    if state in WAITING and polls == attempt.polls:
        await _ask_again(attempt, work)
    return state


async def _ask_again(attempt: Attempt, work: UnitOfWork) -> None:
    if attempt.polls >= len(PAUSES):
        await work.attempts.schedule(attempt.id, attempt.polls, None)
        await work.attempts.open_case(attempt.id, "NO_FINAL_ANSWER", {"polls": attempt.polls})
        return
    pause = max(PAUSES[attempt.polls], adapters()[attempt.supplier].least_pause)
    await work.attempts.schedule(attempt.id, attempt.polls + 1, work.now + pause)
    await work.enqueue(poll(attempt.id, attempt.polls + 1), pause)


async def _advance_order(attempt: Attempt, work: UnitOfWork) -> None:
    states = await work.attempts.states_of(attempt.fulfilment_id)
    status = together(_OF_STATE.get(state, PartStatus.FULFILLING) for state in states)
    order = await work.orders.lock_any(attempt.order_id)
    parts = await work.orders.parts_of([order.id])
    await advance(order, parts, {attempt.fulfilment_id: status}, work)
