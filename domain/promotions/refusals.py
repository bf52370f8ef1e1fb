"""What promotions and coupons can be refused for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from domain.refusals import Refusal


@dataclass(eq=False)
class PromotionUsedUp(Refusal):
    """The promotion {promotion} is used up, or you have had your share of it; ask for a new quote."""

    promotion: Annotated[str, "Its name."]


@dataclass(eq=False)
class PromotionNotChangeable(Refusal):
    """This promotion cannot be changed so: it is {promotion_status}."""

    promotion_status: Annotated[str, "Its status."]


@dataclass(eq=False)
class PromotionElsewhere(Refusal):
    """This promotion is another channel's, which alone decides about it."""


@dataclass(eq=False)
class NotAFunder(Refusal):
    """Your channel is not asked to pay for this promotion."""


@dataclass(eq=False)
class FundingIncomplete(Refusal):
    """The shares of funding sum to {sum_bp} basis points; they have to sum to 10,000."""

    sum_bp: Annotated[int, "What they sum to."]

    @property
    def field(self) -> list[str] | None:
        """The funding."""
        return ["funding"]


@dataclass(eq=False)
class CouponsGuessable(Refusal):
    """Codes of this length and alphabet could be guessed; make them longer."""

    @property
    def field(self) -> list[str] | None:
        """The length."""
        return ["length"]


@dataclass(eq=False)
class CouponsExported(Refusal):
    """The codes of this batch were exported already; they are handed out once."""


@dataclass(eq=False)
class CouponNotClaimable(Refusal):
    """This code cannot be put into your wallet: it is unknown, used, or somebody else's."""

    keeps_work: ClassVar[bool] = True

    @property
    def field(self) -> list[str] | None:
        """The code."""
        return ["code"]
