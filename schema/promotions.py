"""What the API shows of promotions and coupons, and what it asks of those who make them."""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.scalars import JSON

from domain.channels.tree import ChannelTier
from domain.promotions import views
from domain.promotions.applying import Outcome
from domain.promotions.coupon_codes import ALPHABET
from domain.promotions.kinds import KINDS
from domain.promotions.limits import Limits
from domain.promotions.promotion import Phase
from domain.promotions.scope import MINUTES_OF_DAY
from domain.promotions.scoping import WantedScope
from domain.promotions.views import CouponStatus, FundingAnswer, PromotionStatus
from schema.audiences import asked, identified, open_to_all, own_only
from schema.money import Money, MoneyInput
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    PromotionKind = Any
else:
    from enum import Enum

    PromotionKind = strawberry.enum(
        Enum(
            "PromotionKind",
            {
                code: strawberry.enum_value(code, description=" ".join(inspect.getdoc(kind).split()))
                for code, kind in KINDS.items()
            },
        ),
        description="What a promotion does; its settings are those that the kind describes.",
    )

described(
    Phase,
    "When a promotion has its say.",
    name="PromotionPhase",
    PRICE="First: another price instead of the usual one, the lowest that there is.",
    LINE="Off single lines.",
    THRESHOLD="Off baskets that reach a sum.",
    COUPON="Last: for codes that are shown.",
)
described(
    Outcome,
    "What became of a promotion that was looked at.",
    name="PromotionOutcome",
    APPLIED="It takes something off.",
    OUT_OF_SCOPE="It is not for this channel, buyer, time, or any of the goods.",
    CONDITION_UNMET="What it asks for is not in the basket.",
    EXCLUDED="Another promotion keeps it off the lines.",
    AT_THE_FLOOR="The lines cannot be sold for less.",
    BETTER_PRICE="Another price is lower.",
    NOT_CHOSEN="Other coupons take more off.",
    USED_UP="Its budget or a limit is used up.",
)
described(
    PromotionStatus,
    "Where a promotion stands.",
    AWAITING_FUNDING="Somebody who is to pay has not answered yet.",
    REFUSED="Somebody who was to pay refused.",
    SCHEDULED="It begins later.",
    LIVE="It is given.",
    ENDED="Its time is over.",
    STOPPED="It was stopped.",
)
described(
    FundingAnswer,
    "What a channel that is to pay says.",
    ACCEPTED="It pays its share.",
    REFUSED="It does not.",
)
described(
    CouponStatus,
    "Whether a coupon can be used.",
    AVAILABLE="It can.",
    USED="It was used.",
    EXPIRED="Its time is over.",
    NOT_YET="Its time has not come.",
)


@noun(views.FunderView, description="A channel that pays for a promotion.")
class PromotionFunder:
    """A funder."""

    code: str | None = open_to_all(
        "The channel's code; null for a channel above yours that is not the promotion's owner."
    )
    share_bp: int = open_to_all("Its share of each discount, in basis points: 10,000 is all of it.")
    answer: FundingAnswer | None = open_to_all("What it says; null while it has not answered.")
    answered_at: datetime | None = open_to_all("When it did.")


@noun(views.CouponBatchView, description="Codes that were made together.", prefix="cbt")
class CouponBatch(Node):
    """A batch."""

    id: strawberry.ID = identified("cbt", "The opaque, stable id.")
    quantity: int = open_to_all("How many codes it has.")
    uses: int = open_to_all("How often each code can be used.")
    valid_from: datetime | None = open_to_all("From when on; null for at once.")
    valid_until: datetime | None = open_to_all("Until when; null for as long as the promotion.")
    created_at: datetime = open_to_all("When it was made.")
    exported_at: datetime | None = open_to_all("When its codes were handed out, which happens once.")


@noun(views.CouponExport, description="The codes of a batch, told once.")
class CouponExport:
    """An export."""

    batch: CouponBatch = open_to_all("The batch.")
    codes: list[str] = own_only("Every code.")


@noun(views.PromotionView, description="What takes something off the price (促销).", prefix="prm")
class Promotion(Node):
    """A promotion."""

    id: strawberry.ID = identified("prm", "The opaque, stable id.")
    name: str = open_to_all("What people call it.")
    kind: PromotionKind = open_to_all("What it does.")
    status: PromotionStatus = open_to_all("Where it stands.")
    owner: str = open_to_all("The code of the channel that made it; it is for that channel and all below.")
    settings: JSON = open_to_all("What its kind was told.")
    scope: JSON = open_to_all("What it is narrowed to: codes, SKUs and slugs, each with its id.")
    priority: int = open_to_all("The greater comes first within its phase.")
    exclusive: bool = open_to_all("Whether it keeps others of its phase off the lines it is applied to.")
    stack_group: str | None = open_to_all("Of one group only one promotion is applied to a line.")
    starts_at: datetime | None = open_to_all("When it begins; null for at once.")
    ends_at: datetime | None = open_to_all("When it ends; null for never.")
    budget: Money | None = open_to_all("What it may cost in all.")
    orders: int | None = open_to_all("To how many orders it may be given.")
    per_customer: int | None = open_to_all("How often to one customer.")
    per_device: int | None = open_to_all("How often to one device.")
    created_at: datetime = open_to_all("When it was made.")
    stopped_at: datetime | None = open_to_all("When it was stopped.")
    funders: list[PromotionFunder] = open_to_all("Who pays for it.")
    cost: Money = open_to_all("What it has cost so far; orders given up or paid back do not count.")
    given: int = open_to_all("To how many orders it was given.")
    batches: list[CouponBatch] = open_to_all("Its batches of codes, the newest first.")


@noun(views.CouponView, description="A coupon in your wallet (优惠券).", prefix="cpn")
class Coupon(Node):
    """A coupon."""

    id: strawberry.ID = identified("cpn", "The opaque, stable id.")
    promotion: str = open_to_all("What people call the promotion that it gives.")
    code: str = open_to_all("Give it as one of `couponCodes` to use it.")
    status: CouponStatus = open_to_all("Whether it can be used.")
    claimed_at: datetime = open_to_all("When it came into the wallet.")
    valid_from: datetime | None = open_to_all("From when on it can be used; null for at once.")
    valid_until: datetime | None = open_to_all("Until when; null for as long as the promotion.")


@strawberry.input(description="What a promotion is narrowed to; what is left out narrows nothing.")
class PromotionScopeInput:
    """A scope."""

    channels: list[str] = asked("Codes of channels, each with all below it.", default_factory=list)
    tiers: list[ChannelTier] = asked("Tiers of the selling channel.", default_factory=list)
    categories: list[str] = asked("Slugs of categories.", default_factory=list)
    products: list[str] = asked("Slugs of products.", default_factory=list)
    variants: list[str] = asked("SKUs.", default_factory=list)
    segments: list[str] = asked("Segments of customers.", default_factory=list)
    first_order: bool = asked("Only customers who have not bought anything.", default=False)
    days: list[int] = asked(
        "Days of the week by the operator's calendar, Monday 1 to Sunday 7.", default_factory=list
    )
    from_minute: int = asked(
        "From when on each day, as minutes on the operator's clock: 90 is half past one.", default=0
    )
    until_minute: int = asked(
        "And until when; before `fromMinute` where it goes on past midnight.", default=MINUTES_OF_DAY
    )

    def wanted(self) -> WantedScope:
        """As the domain says it."""
        return WantedScope(
            channels=tuple(self.channels),
            tiers=tuple(self.tiers),
            categories=tuple(self.categories),
            products=tuple(self.products),
            variants=tuple(self.variants),
            segments=tuple(self.segments),
            first_order=self.first_order,
            days=tuple(self.days),
            from_minute=self.from_minute,
            until_minute=self.until_minute,
        )


@strawberry.input(description="A channel that is to pay.")
class FunderInput:
    """A funder."""

    channel: str = asked("The code of your channel, of one above it, or of one below it.")
    share_bp: int = asked("Its share in basis points; all shares sum to 10,000.")


@strawberry.input(description="What a promotion may cost, and how often it may be given.")
class PromotionLimitsInput:
    """Limits; what is left out is not limited."""

    budget: MoneyInput | None = asked("What it may cost in all.", default=None)
    orders: int | None = asked("To how many orders.", default=None)
    per_customer: int | None = asked("How often to one customer.", default=None)
    per_device: int | None = asked("How often to one device.", default=None)

    def wanted(self) -> Limits:
        """As the domain says it."""
        budget = None if self.budget is None else self.budget.value("limits.budget").minor
        return Limits(budget, self.orders, self.per_customer, self.per_device)


@strawberry.input(description="A promotion of your channel.")
class CreatePromotionInput:
    """What is said of a new promotion."""

    name: str = asked("What people are to call it.")
    kind: PromotionKind = asked("What it does.")
    settings: JSON = asked(
        'What the kind wants to know, such as `{"reaches_minor": 10000, "off_minor": 1000}`.'
    )
    scope: PromotionScopeInput | None = asked("What it is narrowed to.", default=None)
    funding: list[FunderInput] = asked(
        "Who pays; your channel alone if left out. The others have to accept.", default_factory=list
    )
    limits: PromotionLimitsInput | None = asked("What limits it.", default=None)
    priority: int = asked("The greater comes first within its phase.", default=0)
    exclusive: bool = asked("Whether it keeps others of its phase off its lines.", default=False)
    stack_group: str | None = asked("Of one group only one is applied to a line.", default=None)
    starts_at: datetime | None = asked("When it begins; at once if left out.", default=None)
    ends_at: datetime | None = asked("When it ends; never if left out.", default=None)
    idempotency_key: str = asked("The same key makes no second promotion.")


@strawberry.input(description="Which promotion to stop.")
class StopPromotionInput:
    """Of stopPromotion."""

    promotion_id: strawberry.ID = asked("The promotion's id.")


@strawberry.input(description="Whether your channel pays its share.")
class AnswerFundingInput:
    """Of answerFunding."""

    promotion_id: strawberry.ID = asked("The promotion's id.")
    accept: bool = asked("Whether it does; one refusal ends the promotion.")


@strawberry.input(description="Codes to make.")
class MakeCouponsInput:
    """Of makeCoupons."""

    promotion_id: strawberry.ID = asked("A promotion of your channel that is given by code.")
    quantity: int = asked("How many, up to 100,000.")
    length: int = asked("Random characters of each code.", default=12)
    alphabet: str = asked("What they are drawn from.", default=ALPHABET)
    prefix: str = asked("What every code begins with.", default="")
    uses: int = asked("How often each code can be used.", default=1)
    valid_from: datetime | None = asked("From when on; at once if left out.", default=None)
    valid_until: datetime | None = asked("Until when; as long as the promotion if left out.", default=None)
    idempotency_key: str = asked("The same key makes no second batch.")


@strawberry.input(description="To which segments a customer belongs.")
class SetCustomerSegmentsInput:
    """Of setCustomerSegments."""

    customer_id: strawberry.ID = asked("A customer of your channel, or of one below it.")
    segments: list[str] = asked("All of them; those that are left out are taken away.")


@strawberry.input(description="Which batch to export.")
class ExportCouponsInput:
    """Of exportCoupons."""

    batch_id: strawberry.ID = asked("A batch of a promotion of your channel.")


@strawberry.input(description="A coupon to keep.")
class ClaimCouponInput:
    """Of claimCoupon."""

    code: str = asked("The code; width, case, spaces and hyphens do not matter.")
