"""One attempt at something that can be guessed, counted for its account and for its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.access.limits import Guessed, network_of
from domain.refusals import Refusal, TooManyAttempts

if TYPE_CHECKING:
    from domain.access.callers import Caller
    from domain.access.ports import Guesses
    from domain.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Attempt:
    """Ends with exactly one of `failed` and `succeeded`."""

    account: Guessed
    all: tuple[Guessed, ...]
    guesses: Guesses

    async def failed(self, refusal: Refusal) -> Refusal:
        """What to raise: the refusal, counted, or TooManyAttempts where others guessed in the meantime."""
        pause = await self.guesses.fail(self.all)
        return TooManyAttempts(pause) if pause else refusal

    async def succeeded(self) -> None:
        """Forget the account's failures; those of the address stay, as an attacker has an account too.

        Raises TooManyAttempts where so many guessed at the same time that this one would not have been heard.
        """
        pause = await self.guesses.confirm_s(self.all)
        if pause:
            raise TooManyAttempts(pause)
        await self.guesses.forget(self.account.subject)


async def begin(work: UnitOfWork, caller: Caller, purpose: str, account: str) -> Attempt:
    """Begin an attempt; raises TooManyAttempts while the account or the address has to wait.

    `account` may be a person's identifier: only its fingerprint is kept.
    """
    policy = work.credentials.policy
    mine = Guessed(
        f"{purpose}:{work.credentials.fingerprint(purpose, account).hex()}", policy.account_free_tries
    )
    known = (mine, *address_of(caller, policy.address_free_tries))
    pause = await work.credentials.guesses.wait_s(known)
    if pause:
        raise TooManyAttempts(pause)
    return Attempt(mine, known, work.credentials.guesses)


def address_of(caller: Caller, free_tries: int, purpose: str = "address") -> tuple[Guessed, ...]:
    """The caller's network as something that is guessed from; none for our own processes."""
    return (Guessed(f"{purpose}:{network_of(caller.address)}", free_tries),) if caller.address else ()
