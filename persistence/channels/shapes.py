"""What views of channels are made of, and the channel of a row where the caller may see it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, text
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from domain.access.callers import Caller
from domain.channels.rules import RuleMode
from domain.channels.views import ChannelView, PriceRuleView, value_text
from persistence.selecting.shapes import Relation, Shape, part
from persistence.tables.channels import channel, price_rule

SEEN = """CAST(:seen_from AS uuid) = ANY ({0}.path)
          AND (CAST(:seen_only AS uuid) IS NULL OR {0}.id = CAST(:seen_only AS uuid))"""
"""A condition on a channel: never above or beside the caller's own."""


def channel_shape(alias: str) -> Shape[ChannelView]:
    """Channels under an alias, which is another wherever one statement reads them twice."""
    names = ("id", "code", "name", "tier", "sells_as", "territory", "status", "parent_id")
    parts = {name: part(name) for name in names} | {"path": part("path", make=tuple)}
    return Shape(ChannelView, channel.alias(alias), parts)


def seen(caller: Caller) -> dict[str, Any]:
    """The parameters of SEEN: whoever is no back office knows its own channel only."""
    return {
        "seen_from": caller.channel_id,
        "seen_only": None if caller.is_back_office else caller.channel_id,
    }


def channel_of(alias: str, *columns: str) -> Relation:
    """The channel that a column names; of several columns the first that is not null."""
    shape = channel_shape(alias)

    def on(rows: FromClause) -> ColumnElement[bool]:
        named = [rows.c[column] for column in columns]
        own = named[0] if len(named) == 1 else func.coalesce(*named)
        return and_(shape.base.c.id == own, text(SEEN.format(alias)))

    return Relation(shape, on, seen)


PRICE_RULE = Shape(
    PriceRuleView,
    price_rule.alias("s"),
    {
        "id": part("id"),
        "version": part("version"),
        "kind": part("kind"),
        "mode": part("mode"),
        "base": part("base"),
        "value": part("mode", "value", make=lambda mode, value: value_text(RuleMode(mode), value)),
        "action": part("action"),
        "channel_id": part("target_channel_id"),
        "tier": part("target_tier"),
        "variant_id": part("variant_id"),
        "product_id": part("product_id"),
        "category_id": part("category_id"),
        "min_quantity": part("min_quantity"),
        "valid_from": part("valid_from"),
        "valid_until": part("valid_until"),
        "changed_at": part("changed_at"),
        "ended_at": part("ended_at"),
    },
    relations={"channel": channel_of("sch", "target_channel_id")},
)
