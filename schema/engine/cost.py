"""What an operation may cost, kept as a short program because page sizes may come from variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from schema.engine.refused import refusal

OBJECT = 10
LEAF = 1
"""Costs are counted in tenths of an object and shown in objects."""


class PageSize(NamedTuple):
    """How many items a field asks for: the larger of its `first` and `last`, each a number or a variable."""

    least: int
    variables: tuple[tuple[str, int], ...] = ()
    """Names of variables with the size that counts when the request leaves them out."""

    def given(self, variables: Mapping[str, Any]) -> int:
        """The size for one request; whatever is no number counts as left out."""
        size = self.least
        for name, otherwise in self.variables:
            value = variables.get(name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            size = max(size, int(value) if number and value is not None else otherwise)
        return max(size, 0)


class Expression(NamedTuple):
    """A constant and the registers that are added to it."""

    constant: int = 0
    registers: tuple[int, ...] = ()


NOTHING = Expression()


class Register(NamedTuple):
    """One step of the program: an expression times a page size."""

    value: Expression
    size: PageSize


ONCE = PageSize(1)


class CostProgram:
    """Registers in the order of their making: each reads earlier ones only, so one run through them is
    enough.
    """

    def __init__(self) -> None:
        self.registers: list[Register] = []

    def times(self, value: Expression, size: PageSize) -> Expression:
        """A value for every item of a page."""
        if not size.variables and not value.registers:
            return Expression(value.constant * size.least)
        if size == ONCE:
            return value
        return self._store(value, size)

    def once(self, value: Expression) -> Expression:
        """The value behind one register, so that a fragment can be added many times at no growth."""
        return self._store(value, ONCE) if len(value.registers) > 1 else value

    def _store(self, value: Expression, size: PageSize) -> Expression:
        self.registers.append(Register(value, size))
        return Expression(0, (len(self.registers) - 1,))

    def run(self, result: Expression, variables: Mapping[str, Any]) -> int:
        """The cost in whole objects, rounded up."""
        values: list[int] = []
        if result.registers:
            for (constant, registers), size in self.registers[: max(result.registers) + 1]:
                values.append((constant + sum(values[r] for r in registers)) * size.given(variables))
        tenths = result.constant + sum(values[r] for r in result.registers)
        return -(-tenths // OBJECT)


def add(values: list[Expression]) -> Expression:
    """The sum of expressions."""
    registers = tuple(r for value in values for r in value.registers)
    return Expression(sum(value.constant for value in values), registers)


def affordable(cost: int, limit: int) -> None:
    """Refuse what costs more than one operation may."""
    if cost > limit:
        shown = min(10**15, cost)
        raise refusal(
            "COST_LIMITED",
            f"The operation may cost {shown}, and at most {limit} is allowed: "
            "ask for smaller pages or fewer levels.",
            document=True,
            cost=shown,
            limit=limit,
            retryAfterSeconds=None,
        )
