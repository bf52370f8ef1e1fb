"""The states of a card and the only steps between them: one table, which every transition is read from."""

from __future__ import annotations

from enum import StrEnum


class CardState(StrEnum):
    """Where a card is in its life."""

    IN_STOCK = "IN_STOCK"
    ALLOCATED = "ALLOCATED"
    RESERVED = "RESERVED"
    SOLD = "SOLD"
    DELIVERED = "DELIVERED"
    REVEALED = "REVEALED"
    ACTIVATED = "ACTIVATED"
    REDEEMING = "REDEEMING"
    REDEEMED = "REDEEMED"
    FROZEN = "FROZEN"
    REFUND_PENDING = "REFUND_PENDING"
    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"
    QUARANTINED = "QUARANTINED"


class CardStep(StrEnum):
    """What happens to a card."""

    ENTER = "ENTER"
    """Import or mint job; the blind index is unique."""
    ALLOCATE = "ALLOCATE"
    """The channel above hands it on, within its quota."""
    RECALL = "RECALL"
    """The channel above takes it back; only what is not reserved."""
    RESERVE = "RESERVE"
    """An order is placed."""
    RELEASE = "RELEASE"
    """The order ends unpaid."""
    SELL = "SELL"
    """The payment is captured."""
    DELIVER = "DELIVER"
    """The buyer can reach it."""
    REVEAL = "REVEAL"
    """The buyer looks at the secret."""
    ACTIVATE = "ACTIVATE"
    """Buyer or issuer, where the product needs it."""
    BEGIN_REDEMPTION = "BEGIN_REDEMPTION"
    """A redeemer takes the lease."""
    REDEEM = "REDEEM"
    """The redeemer succeeded."""
    FAIL_REDEMPTION = "FAIL_REDEMPTION"
    """The redeemer failed for certain; a time-out is not that."""
    FREEZE = "FREEZE"
    """Risk or headquarters; the state before is kept."""
    UNFREEZE = "UNFREEZE"
    """The same, when it is cleared."""
    ASK_REFUND = "ASK_REFUND"
    """The buyer wants the money back."""
    VOID = "VOID"
    """It will never be used."""
    RESTOCK = "RESTOCK"
    """Refunded and never revealed, or cleared of a conflict."""
    KEEP = "KEEP"
    """The refund is rejected, and its buyer has it again."""
    FIND_USED = "FIND_USED"
    """The issuer says that it was used; the refund is refused."""
    EXPIRE = "EXPIRE"
    """The timer: its grace is over."""
    QUARANTINE = "QUARANTINE"
    """A conflict was found; headquarters decides."""


S, E = CardState, CardStep

UNSOLD = (S.IN_STOCK, S.ALLOCATED, S.RESERVED)
FREE = (S.IN_STOCK, S.ALLOCATED)
HELD = (S.SOLD, S.DELIVERED, S.REVEALED, S.ACTIVATED)
"""A buyer has it and has not used it."""
USABLE = (S.DELIVERED, S.REVEALED, S.ACTIVATED)
FINAL = frozenset({S.REDEEMED, S.VOIDED, S.EXPIRED})
OPEN = tuple(state for state in S if state not in FINAL and state is not S.REDEEMING)
"""What can be frozen or expire."""

TRANSITIONS: dict[tuple[CardState | None, CardStep], CardState | None] = {
    (None, E.ENTER): S.IN_STOCK,
    (S.IN_STOCK, E.ALLOCATE): S.ALLOCATED,
    (S.ALLOCATED, E.ALLOCATE): S.ALLOCATED,
    (S.ALLOCATED, E.RECALL): None,
    (S.IN_STOCK, E.RESERVE): S.RESERVED,
    (S.ALLOCATED, E.RESERVE): S.RESERVED,
    (S.RESERVED, E.RELEASE): None,
    (S.RESERVED, E.SELL): S.SOLD,
    (S.SOLD, E.DELIVER): S.DELIVERED,
    (S.DELIVERED, E.REVEAL): S.REVEALED,
    (S.REVEALED, E.REVEAL): S.REVEALED,
    (S.ACTIVATED, E.REVEAL): S.ACTIVATED,
    (S.DELIVERED, E.ACTIVATE): S.ACTIVATED,
    (S.REVEALED, E.ACTIVATE): S.ACTIVATED,
    **{(state, E.BEGIN_REDEMPTION): S.REDEEMING for state in USABLE},
    (S.REDEEMING, E.REDEEM): S.REDEEMED,
    (S.REDEEMING, E.FAIL_REDEMPTION): None,
    **{(state, E.FREEZE): S.FROZEN for state in OPEN if state is not S.FROZEN},
    (S.FROZEN, E.UNFREEZE): None,
    **{(state, E.ASK_REFUND): S.REFUND_PENDING for state in HELD},
    (S.REFUND_PENDING, E.VOID): S.VOIDED,
    (S.REFUND_PENDING, E.RESTOCK): None,
    (S.REFUND_PENDING, E.KEEP): None,
    (S.REFUND_PENDING, E.FIND_USED): S.REDEEMED,
    **{(state, E.EXPIRE): S.EXPIRED for state in OPEN},
    **{(state, E.QUARANTINE): S.QUARANTINED for state in UNSOLD},
    (S.QUARANTINED, E.VOID): S.VOIDED,
    (S.QUARANTINED, E.RESTOCK): None,
}
"""(state, step) → state; None means back to where it was, which the card's pool or `state_before` tells."""


class ImpossibleStep(Exception):
    """The table has no such step; it is a fault of ours, never an answer to a caller."""


def after(state: CardState | None, step: CardStep, before: CardState | None = None) -> CardState:
    """The state after a step; `before` is where a card goes back to. Raises ImpossibleStep."""
    if (state, step) not in TRANSITIONS:
        raise ImpossibleStep(f"{state} cannot {step}.")
    target = TRANSITIONS[state, step] or before
    if target is None:
        raise ImpossibleStep(f"{state} cannot {step} without knowing where it was.")
    return target


def sources(step: CardStep) -> tuple[str, ...]:
    """The states in which a step is possible, for the guard of its UPDATE."""
    return tuple(state.value for state, possible in TRANSITIONS if possible is step and state is not None)


def target(step: CardStep) -> str | None:
    """The one state that a step leads to; None for steps that lead back, or to several."""
    found = {after for (_, possible), after in TRANSITIONS.items() if possible is step}
    only = found.pop()
    return None if found or only is None else only.value
