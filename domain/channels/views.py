"""What is shown of channels and prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.channels.rules import RATES, PriceRule, RuleMode
from domain.channels.tree import ChannelNode
from domain.ledger.views import Balance
from domain.money import Money
from domain.selected import Joining


@dataclass(slots=True)
class ChannelView:
    """A channel to those who may see it."""

    id: UUID
    code: str
    name: str
    tier: str
    sells_as: str | None
    territory: str | None
    status: str
    parent_id: UUID | None
    path: tuple[UUID, ...]

    @classmethod
    def of(cls, node: ChannelNode) -> ChannelView:
        """The view of a node of the tree."""
        return cls(
            node.id,
            node.code,
            node.name,
            node.tier.value,
            node.sells_as.value if node.sells_as else None,
            node.territory,
            node.status.value,
            node.parent_id,
            node.path,
        )


@dataclass(slots=True)
class ChannelLabel:
    """As much of a channel's parent as its children see."""

    code: str
    name: str


@dataclass(slots=True)
class AccountView:
    """The money of a channel."""

    balance: Money
    held: Money
    credit: Money
    pending: Money
    owed: Money

    @classmethod
    def of(cls, balance: Balance) -> AccountView:
        """What is held still lies in the deposit for whoever looks at it."""
        held = Money(balance.held_minor, balance.currency)
        return cls(
            Money(balance.deposit_minor, balance.currency) + held,
            held,
            Money(balance.credit_minor, balance.currency),
            Money(balance.pending_minor, balance.currency),
            Money(balance.owed_minor, balance.currency),
        )

    @property
    def available(self) -> Money:
        """What it can still buy for: balance and credit, less what is held."""
        return self.balance + self.credit - self.held


@dataclass(slots=True)
class PriceRuleView(Joining):
    """A price rule; of another channel's rule only what a trace names of it."""

    id: UUID
    version: int
    kind: str
    mode: str | None = None
    base: str | None = None
    value: str | None = None
    action: str | None = None
    channel_id: UUID | None = None
    tier: str | None = None
    variant_id: UUID | None = None
    product_id: UUID | None = None
    category_id: UUID | None = None
    min_quantity: int | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    changed_at: datetime | None = None
    ended_at: datetime | None = None

    @classmethod
    def of(cls, rule: PriceRule, ended_at: datetime | None = None) -> PriceRuleView:
        """The whole of a rule, for its setter and those above."""
        return cls(
            rule.id, rule.version, rule.kind.value, rule.mode.value, rule.base.value,
            value_text(rule.mode, rule.value),
            rule.action.value if rule.action else None, rule.target_channel_id, rule.target_tier,
            rule.variant_id, rule.product_id, rule.category_id, rule.min_quantity,
            rule.valid_from, rule.valid_until, rule.changed_at, ended_at,
        )  # fmt: skip


def value_text(mode: RuleMode, value: int) -> str:
    """A rule's value as it is written: `80` or `98.8` percent, or a decimal amount."""
    if mode not in RATES:
        return Money(value).amount
    whole, rest = divmod(value, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)


@dataclass(slots=True)
class PriceStepView:
    """One step of how a price came about."""

    channel_id: UUID
    kind: str
    amount: Money
    rule: PriceRuleView | None
