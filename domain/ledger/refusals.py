"""What the ledger refuses."""

from __future__ import annotations

from dataclasses import dataclass

from domain.refusals import Refusal


@dataclass(eq=False)
class BalanceTooLow(Refusal):
    """The channel's deposit does not cover this; top it up, or ask for less."""

    # No amounts: a buyer who meets it must not learn what the channel pays.
