"""What callers may still ask for: operations are charged to budgets before anything is done for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.access.budgets import BudgetPolicy, Scope, Spending, Standing
from schema.engine.refused import RequestRefused, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from schema.engine.documents import Documents
    from schema.engine.execution import PreparedOperation
    from schema.engine.gateway import Context
    from schema.engine.requests import GraphQLRequest

CHARACTERS_A_UNIT = 10
"""Reading, checking and planning a document takes time too: so many of its characters cost a unit, once."""
_WHOSE = {
    Scope.PRINCIPAL: "of this token or account",
    Scope.ADDRESS: "of this network address",
    Scope.DEVICE: "of this device",
}


class Allowance:
    """The budgets of all callers."""

    def __init__(self, policy: BudgetPolicy, spending: Spending) -> None:
        self._policy, self._spending = policy, spending

    def admit(
        self,
        request: GraphQLRequest,
        context: Context,
        prepare: Callable[[GraphQLRequest], PreparedOperation],
        documents: Documents,
    ) -> PreparedOperation:
        """Prepare and charge an operation; RequestRefused when its caller has too little left.

        Whoever has nothing left is refused before the document is read, and a refused document is charged for
        its length.
        """
        caller = getattr(context, "caller", None)
        budgets = () if caller is None else self._policy.of(caller)
        if not budgets:
            return prepare(request)
        standing = self._spending.spend(budgets, 0)
        if standing.remaining <= 0:
            raise _limited(standing, 0)
        made, reading = documents.made, len(request.query) // CHARACTERS_A_UNIT + 1
        try:
            prepared = prepare(request)
        except RequestRefused as refused:
            standing = self._spending.spend(budgets, reading, anyway=True)
            refused.extensions = {"cost": {"budget": shown(standing)}}
            raise
        units = prepared.cost + (reading if documents.made > made else 0)
        standing = self._spending.spend(budgets, units)
        if standing.refused:
            raise _limited(standing, units)
        prepared.standing = standing
        return prepared


def shown(standing: Standing) -> dict[str, Any]:
    """The tightest budget as answers show it."""
    return {
        "scope": standing.budget.scope.value,
        "perMinute": standing.budget.per_minute,
        "remaining": standing.remaining,
        "resetsInSeconds": standing.resets_in_s,
    }


def _limited(standing: Standing, units: int) -> RequestRefused:
    budget, wait_s = standing.budget, standing.resets_in_s
    if units > budget.per_minute:
        message = (
            f"The operation may cost {units}, and the budget {_WHOSE[budget.scope]} is {budget.per_minute} a "
            "minute: ask for smaller pages or fewer levels."
        )
        facts: dict[str, Any] = {"cost": units, "limit": budget.per_minute, "retryAfterSeconds": None}
        refused = refusal("COST_LIMITED", message, document=True, **facts)
    else:
        message = (
            f"The budget {_WHOSE[budget.scope]} has {standing.remaining} units left of {budget.per_minute} a "
            f"minute: ask again in {wait_s} s."
        )
        headers, scope = {"retry-after": str(wait_s)}, budget.scope.value
        refused = refusal(
            "RATE_LIMITED", message, status=429, headers=headers, scope=scope, retryAfterSeconds=wait_s
        )
    refused.extensions = {"cost": {"budget": shown(standing)}}
    return refused
