"""Nouns of the tree of channels and of its prices."""

from __future__ import annotations

from datetime import datetime

import strawberry

from domain.access.permissions import ACCOUNT_READ, CHANNELS_READ, PRICES_READ
from domain.channels import views
from domain.channels.offers import PriceStepKind
from domain.channels.rules import FloorAction, PriceBase, RuleKind, RuleMode
from domain.channels.tree import ChannelStatus, ChannelTier, SellsAs
from schema.audiences import asked, identified, open_to_all, visible_to
from schema.money import Money, MoneyInput
from schema.nouns import Node, noun
from schema.paging import Connection
from schema.words import described

described(
    ChannelTier,
    "The rungs of the tree from the root down.",
    HEADQUARTERS="The root (总部).",
    PROVINCE="An agent of a province (省代).",
    CITY="An agent of a city (市代).",
    SHOP="A shop, which sells to buyers (店铺).",
)
described(
    SellsAs,
    "How a shop meets its buyers.",
    MINI_PROGRAM="A mini-program.",
    APP="An app.",
    LIVE_STREAM="A live-stream room (直播间).",
    WELFARE_PORTAL="An enterprise's welfare portal (企业福利平台).",
    POINTS_MALL="A points mall of a bank (积分商城).",
    SOCIAL="A seller in groups and on social media (社群).",
    OTHER="Something else.",
)
described(
    ChannelStatus,
    "Whether a channel may work.",
    ACTIVE="It sells and signs in.",
    SUSPENDED="It and all below it sell nothing and cannot sign in.",
)
described(
    RuleKind,
    "What a rule decides.",
    name="PriceRuleKind",
    PURCHASE="What a child pays for a piece.",
    RETAIL="What buyers pay in the channel that set it.",
    FLOOR="Below which price nothing may be sold in a child, or below it.",
)
described(
    RuleMode,
    "How a rule's value is applied to its base.",
    name="PriceRuleMode",
    FIXED="The value is the price.",
    PERCENT="The price is so many percent of the base.",
    MARKUP_AMOUNT="The price is the base and so much more.",
    MARKUP_PERCENT="The price is the base and so many percent of it more.",
)
described(
    PriceBase,
    "Of which price a rule speaks.",
    LIST="The list price.",
    FACE="What a top-up credits.",
    PARENT_PURCHASE="What the channel that set the rule pays itself.",
    COST="The supplier's price.",
)
described(
    FloorAction,
    "What happens to a price below a floor.",
    BLOCK="It is not sold.",
    REVIEW="A person has to look at it.",
    CLAMP="It is sold at the floor.",
)
described(
    PriceStepKind,
    "What a step of a price trace says.",
    COST="The supplier's price.",
    PURCHASE="What the channel pays.",
    RETAIL="What buyers pay, after a clamping floor.",
    FLOOR="Below which the channel may not sell.",
)


@noun(views.AccountView, description="The deposit of a channel.")
class ChannelAccount:
    """Deposit and credit."""

    balance: Money = open_to_all("What lies in the deposit; below zero it is owed.")
    held: Money = open_to_all("What is held for orders that are not paid yet, and for withdrawals.")
    credit: Money = open_to_all("How far the balance may fall below zero.")
    available: Money = open_to_all("What it can still buy for: balance and credit, less what is held.")
    pending: Money = open_to_all("What it has earned and cannot spend yet; added to the balance as it vests.")
    owed: Money = open_to_all("What refunds took back beyond the balance; paid first from what vests.")


@noun(views.ChannelLabel, description="As much as a channel sees of the channel above it.")
class ParentChannel:
    """A parent's name."""

    code: str = open_to_all("The stable code.")
    name: str = open_to_all("The name.")


@noun(
    views.ChannelView,
    description="A place in the tree of agents: headquarters, an agent or a shop.",
    prefix="chn",
)
class Channel(Node):
    """A channel."""

    id: strawberry.ID = identified("chn", "The opaque, stable id.")
    code: str = open_to_all("The stable code, as it was given when the channel was created.")
    name: str = open_to_all("The name.")
    tier: ChannelTier = open_to_all("The rung of the tree.")
    sells_as: SellsAs | None = open_to_all("How it meets its buyers; null where it does not sell to any.")
    territory: str | None = visible_to(CHANNELS_READ, "Where it may sell.")
    status: ChannelStatus | None = visible_to(CHANNELS_READ, "Whether it is suspended.")
    parent: ParentChannel | None = visible_to(CHANNELS_READ, "The channel above it; null for the root.")
    children: Connection[Channel] | None = visible_to(CHANNELS_READ, "The channels right below it, by code.")
    account: ChannelAccount | None = visible_to(ACCOUNT_READ, "Its deposit.")


@noun(views.PriceRuleView, description="A price rule or floor of a channel.", prefix="prc")
class PriceRule(Node):
    """A rule; of one that was set above, only its name and version are told."""

    id: strawberry.ID = identified("prc", "The opaque, stable id; versions share it.")
    version: int = open_to_all("How often it was set.")
    kind: RuleKind = open_to_all("Whether it decides what a child pays, what buyers pay, or a floor.")
    mode: RuleMode | None = visible_to(PRICES_READ, "How its value is applied; null for a rule set above.")
    base: PriceBase | None = visible_to(PRICES_READ, "Of which price it speaks; null for a rule set above.")
    value: str | None = visible_to(PRICES_READ, "A percentage or an amount; null for a rule set above.")
    action: FloorAction | None = visible_to(PRICES_READ, "What a floor does; null for other rules.")
    channel: Channel | None = visible_to(
        PRICES_READ, "The child it is for; null when it is for more than one."
    )
    tier: ChannelTier | None = visible_to(PRICES_READ, "The tier of children it is for.")
    min_quantity: int | None = visible_to(PRICES_READ, "From how many pieces on it holds.")
    valid_from: datetime | None = visible_to(PRICES_READ, "When it begins to hold; null for at once.")
    valid_until: datetime | None = visible_to(PRICES_READ, "When it stops holding; null for never.")
    changed_at: datetime | None = visible_to(PRICES_READ, "When this version was set.")
    ended_at: datetime | None = visible_to(PRICES_READ, "When it was ended.")


@noun(views.PriceStepView, description="One step of how a price came about.")
class PriceStep:
    """A step of a trace."""

    channel: Channel | None = open_to_all("The channel that pays or asks the amount.")
    kind: PriceStepKind = open_to_all(
        "Cost, purchase price, retail price, or the floor below which it may not fall."
    )
    amount: Money = open_to_all("The amount for one piece.")
    rule: PriceRule | None = open_to_all("The rule that made it; null where none did, as for a list price.")


@strawberry.input(description="A new channel.")
class CreateChannelInput:
    """What is said of a new channel."""

    code: str = asked("1 to 32 of a-z, 0-9 and -; it never changes.")
    name: str = asked("The name.")
    tier: ChannelTier = asked("The rung, below that of the parent.")
    parent: str = asked("The code of the channel above: your own, or one below it.")
    sells_as: SellsAs | None = asked("How it meets its buyers.", default=None)
    territory: str | None = asked("Where it may sell.", default=None)
    credit: MoneyInput | None = asked("How far its deposit may fall below zero.", default=None)


@strawberry.input(description="What changes of a channel; what is left out stays.")
class UpdateChannelInput:
    """What changes of a channel."""

    channel: str = asked("The channel's code.")
    name: str | None = asked("The name.", default=None)
    territory: str | None = asked("Where it may sell.", default=None)
    sells_as: SellsAs | None = asked("How it meets its buyers.", default=None)
    minimum_margin: MoneyInput | None = asked(
        "What it keeps at least of each piece sold to a child; channels below inherit it.", default=None
    )


@strawberry.input(description="Where a channel moves.")
class MoveChannelInput:
    """A move."""

    channel: str = asked("The code of the channel that moves with all below it.")
    parent: str = asked("The code of the channel that it will stand below.")


@strawberry.input(description="A channel to suspend or resume.")
class ChannelStatusInput:
    """The channel whose status changes."""

    channel: str = asked("The channel's code.")


@strawberry.input(
    description="A price rule; it is for at most one of channel and tier, and of variant, product, category."
)
class SetPriceRuleInput:
    """A rule as it is entered."""

    kind: RuleKind = asked("What it decides.")
    mode: RuleMode = asked("How the value is applied to the base.")
    base: PriceBase = asked("Of which price the value speaks.")
    value: str = asked("A percentage with at most 2 decimals, such as `80`, or a decimal amount.")
    channel: str | None = asked("The code of one child.", default=None)
    tier: ChannelTier | None = asked("All children of this tier.", default=None)
    variant: str | None = asked("A SKU.", default=None)
    product: str | None = asked("A product's slug.", default=None)
    category: str | None = asked("A category's slug.", default=None)
    min_quantity: int | None = asked("From how many pieces on it holds; null is 1.", default=1)
    valid_from: datetime | None = asked("When it begins to hold.", default=None)
    valid_until: datetime | None = asked("When it stops holding.", default=None)
    action: FloorAction | None = asked("What a floor does; BLOCK when it is not said.", default=None)


@strawberry.input(description="A price rule to end.")
class EndPriceRuleInput:
    """A rule that ends."""

    id: strawberry.ID = asked("The rule's id.")


@strawberry.input(description="What to show or hide; with none of the three it is everything.")
class SetVisibilityInput:
    """A selection."""

    channel: str = asked("The code of your own channel, or of one below it.")
    visible: bool = asked("Whether to show it.")
    variant: str | None = asked("A SKU.", default=None)
    product: str | None = asked("A product's slug.", default=None)
    category: str | None = asked("A category's slug.", default=None)
