"""Quotas of periods behind the locked gate: what they leave of a demand, and what it takes of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.cards.ports import PeriodUse

if TYPE_CHECKING:
    import asyncpg

    from domain.cards.ports import Demand, Held


@dataclass(slots=True)
class _Quota:
    """What is left of one, and of that what its holder did not hand on."""

    left: int
    own_left: int


class Periods:
    """The quotas of a transaction's variants, by period and holder."""

    def __init__(self) -> None:
        self._of: dict[UUID, dict[str, dict[UUID, _Quota]]] = {}

    def add(self, row: asyncpg.Record) -> None:
        """A locked row."""
        held = self._of.setdefault(row["variant_id"], {}).setdefault(row["period"], {})
        held[row["holder_id"]] = _Quota(row["available"], row["own_left"])

    def left_for(self, demand: Demand) -> list[int]:
        """A limit for each quota on a demand's path, and one for what the deepest of each period kept."""
        limits = []
        for holders in self._of.get(demand.variant_id, {}).values():
            on_path = [holders[one] for one in demand.path if one in holders]
            limits += [quota.left for quota in on_path]
            limits += [quota.own_left for quota in on_path[-1:]]
        return limits

    def take(self, demand: Demand) -> tuple[PeriodUse, ...]:
        """Count a demand in every quota on its path."""
        uses = []
        for period, holders in self._of.get(demand.variant_id, {}).items():
            on_path = [one for one in demand.path if one in holders]
            for holder in on_path:
                own = holder == on_path[-1]
                holders[holder].left -= demand.quantity
                holders[holder].own_left -= demand.quantity if own else 0
                uses.append(PeriodUse(holder, period, own))
        return tuple(uses)


def counted(held: Sequence[Held]) -> dict[str, list[Any]]:
    """The parameters of `quota_sql.COUNT`: each row once."""
    uses: dict[tuple[UUID, UUID, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in held:
        for use in one.periods:
            sums = uses[one.demand.variant_id, use.holder_id, use.period]
            sums[0] += one.demand.quantity
            sums[1] += one.demand.quantity if use.own else 0
    return {
        "quota_variants": [variant for variant, _, _ in uses],
        "quota_holders": [holder for _, holder, _ in uses],
        "quota_periods": [period for _, _, period in uses],
        "quota_uses": [quantity for quantity, _ in uses.values()],
        "quota_own_uses": [own for _, own in uses.values()],
    }
