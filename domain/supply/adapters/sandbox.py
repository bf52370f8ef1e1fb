"""A supplier that answers at once and delivers nothing, for demonstrations and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.supply.answers import UNKNOWN, Answer, Conversation, Submission
from domain.supply.states import AttemptState

_S = AttemptState


@dataclass(frozen=True)
class Sandbox:
    """Succeeds, except for accounts that end in one of these numbers, as test cards of payment providers do.

    `0000001` is accepted and succeeds when asked; `0000002` fails for good; `0000003` never answers;
    `0000004` charges half; `0000005` is accepted and stays so.
    """

    least_pause: timedelta = timedelta(0)
    pretends: bool = True

    def submit(self, wanted: Submission) -> Conversation:
        """The answer by the account."""
        yield from ()
        answers = {
            "1": Answer(_S.ACCEPTED),
            "2": Answer(_S.FAILED, detail="SANDBOX_REFUSED"),
            "3": UNKNOWN,
            "4": Answer(_S.PARTIAL, self._reference(wanted), (wanted.face_minor or 0) // 2),
            "5": Answer(_S.ACCEPTED),
        }
        return answers.get(_ending(wanted.account), Answer(_S.SUCCEEDED, self._reference(wanted)))

    def query(self, wanted: Submission) -> Conversation:
        """What became of it by now."""
        yield from ()
        ending = _ending(wanted.account)
        if ending == "3":
            return UNKNOWN
        return Answer(_S.ACCEPTED) if ending == "5" else Answer(_S.SUCCEEDED, self._reference(wanted))

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> tuple[str, Answer] | None:
        """It never calls back."""
        return None

    @staticmethod
    def _reference(wanted: Submission) -> str:
        return f"SB-{wanted.outgoing_number[-12:]}"


def _ending(account: Any) -> str:
    """The digit behind six zeros at the end of a text of the account, or nothing."""
    texts = account.values() if isinstance(account, dict) else [account]
    for text in texts:
        if isinstance(text, str) and text[-7:-1] == "000000":
            return text[-1]
    return ""


ADAPTER = Sandbox()
