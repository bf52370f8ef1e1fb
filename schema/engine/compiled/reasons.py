"""Why graphql-core has to answer: at planning an operation is not covered, or in running something is off."""

from __future__ import annotations


class NotPlannable(Exception):
    """The planner leaves an operation to graphql-core; the text is the reason, for counters and logs."""


class OffPlan(Exception):
    """A value that the generated function does not expect: graphql-core alone knows what becomes of it."""
