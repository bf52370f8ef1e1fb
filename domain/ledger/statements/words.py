"""What statements say of an entry."""

from __future__ import annotations

from domain.ledger.transfers import TransferType

_SENTENCES = {
    TransferType.OPENING: "Balance brought forward",
    TransferType.HOLD: "Held for an order",
    TransferType.RELEASE: "Given back: the order was not paid",
    TransferType.COLLECTED: "Taken from the buyer by headquarters",
    TransferType.SALE: "Sale",
    TransferType.COST: "Cost of a sale",
    TransferType.PROMOTION: "Share of a discount",
    TransferType.VEST: "Earnings of a sale become free",
    TransferType.REFUND: "Refund of a sale",
    TransferType.PROMOTION_BACK: "Share of a discount given back",
    TransferType.MONEY_BACK: "Paid back to the buyer by headquarters",
    TransferType.COST_BACK: "Cost of a sale given back",
    TransferType.LOSS: "Goods lost with a refund",
    TransferType.TOP_UP: "Top-up",
    TransferType.WITHDRAWAL_HOLD: "Set aside for a withdrawal",
    TransferType.WITHDRAWAL_RELEASE: "Given back: the withdrawal was not paid out",
    TransferType.WITHDRAWAL: "Withdrawal paid out",
    TransferType.ADJUSTMENT: "Correction",
}


def description_of(type: TransferType, said: str | None) -> str:
    """A sentence, and what its author said of it: the bank's reference, say."""
    sentence = _SENTENCES[type]
    return f"{sentence}: {said}" if said else sentence
