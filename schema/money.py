"""Money and its input, as every area writes amounts."""

from __future__ import annotations

import strawberry

from domain import money
from domain.refusals import InvalidInput
from schema.audiences import asked, open_to_all
from schema.nouns import noun


@noun(money.Money, description="An amount of money, to be shown as it is.")
class Money:
    """Money."""

    amount: str = open_to_all("A decimal string with the currency's digits, such as `25.00`.")
    currency: str = open_to_all("The ISO 4217 code, such as `CNY`.")


@strawberry.input(description="An amount of money.")
class MoneyInput:
    """Money that is said."""

    amount: str = asked("A decimal string such as `25.00`.")
    currency: str = asked("The ISO 4217 code.", default="CNY")

    def value(self, at: str) -> money.Money:
        """The domain's Money; InvalidInput naming the field `at` when it is not an amount of zero or more."""
        try:
            found = money.Money.parse(self.amount, self.currency)
        except ValueError as problem:
            raise InvalidInput(str(problem), at) from None
        if found.minor < 0:
            raise InvalidInput("This amount cannot be negative.", at)
        return found
