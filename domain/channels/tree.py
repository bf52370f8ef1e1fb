"""The tree of channels: who stands where, and which places a channel may take."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.channels.rules import Place

CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""What a channel's code looks like; it never changes."""


class ChannelTier(StrEnum):
    """The rungs of the tree from the root down."""

    HEADQUARTERS = "HEADQUARTERS"
    PROVINCE = "PROVINCE"
    CITY = "CITY"
    SHOP = "SHOP"


class SellsAs(StrEnum):
    """How a shop meets its buyers."""

    MINI_PROGRAM = "MINI_PROGRAM"
    APP = "APP"
    LIVE_STREAM = "LIVE_STREAM"
    WELFARE_PORTAL = "WELFARE_PORTAL"
    POINTS_MALL = "POINTS_MALL"
    SOCIAL = "SOCIAL"
    OTHER = "OTHER"


class ChannelStatus(StrEnum):
    """A suspended channel and all below it sell nothing, and their tokens are refused."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


_RUNGS = {tier: rung for rung, tier in enumerate(ChannelTier)}

MINIMUM_MARGIN = "minimum_margin_minor"
"""The setting that says what a channel keeps at least of each piece it sells to a child, in minor units."""


@dataclass(frozen=True, slots=True)
class ChannelNode:
    """A channel in its place; `path` runs from the root to itself."""

    id: UUID
    code: str
    name: str
    tier: ChannelTier
    parent_id: UUID | None
    path: tuple[UUID, ...]
    status: ChannelStatus = ChannelStatus.ACTIVE
    sells_as: SellsAs | None = None
    territory: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def is_within(self, other: UUID) -> bool:
        """Whether it is that channel or lies below it."""
        return other in self.path


@dataclass(frozen=True, slots=True)
class Family:
    """A channel with the way to it from the root, and all that lies below it."""

    path: tuple[Place, ...]
    children: Mapping[UUID, Sequence[Place]]

    @property
    def head(self) -> Place:
        """The channel itself."""
        return self.path[-1]

    def without(self, hidden: Collection[UUID]) -> Family:
        """The family but for these channels and all below them."""
        if not hidden:
            return self
        left = {
            parent: [child for child in children if child.channel_id not in hidden]
            for parent, children in self.children.items()
        }
        return Family(self.path, left)


def stands_below(tier: ChannelTier, parent: ChannelTier) -> bool:
    """Whether a channel of a tier may have a parent of the other: agents of one tier may form any depth."""
    return _RUNGS[tier] >= max(_RUNGS[parent], 1)


def inherited(path: Sequence[ChannelNode], name: str, default: Any) -> Any:
    """A setting of the last channel of a path: its own, or that of the nearest ancestor that has one."""
    return next((node.settings[name] for node in reversed(path) if name in node.settings), default)


def places(path: Sequence[ChannelNode]) -> tuple[Place, ...]:
    """The path as price resolution sees it."""
    return tuple(
        Place(node.id, node.tier.value, inherited(path[: at + 1], MINIMUM_MARGIN, 0), node.code)
        for at, node in enumerate(path)
    )
