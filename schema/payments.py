"""What the API shows of payments, and how one pays."""

from __future__ import annotations

import inspect
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from domain.payments import views
from domain.payments.methods import payment_methods
from domain.payments.views import PaymentStatus
from schema.audiences import Audience, asked, identified, open_to_all
from schema.levels import reading
from schema.money import Money
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    from schema.orders import Order

    class PaymentMethod(StrEnum):
        """The codes are the files of `domain/payments/methods`."""

else:
    PaymentMethod = StrEnum("PaymentMethod", {code: code for code in payment_methods()})

described(
    PaymentMethod,
    "Ways to pay.",
    **{code: inspect.getdoc(type(method)) or "" for code, method in payment_methods().items()},
)
described(
    PaymentStatus,
    "How far the money has come.",
    PENDING="On its way.",
    CAPTURED="Here.",
    FAILED="It did not come.",
)


@reading("method")
def _method(root: strawberry.Parent[Any]) -> PaymentMethod:
    return PaymentMethod(root.method)


@noun(views.PaymentView, description="A payment of an order.", prefix="pay")
class Payment(Node):
    """A payment."""

    id: strawberry.ID = identified("pay", "The payment's id.")
    method: PaymentMethod = strawberry.field(
        resolver=_method, description="How it was paid.", directives=[Audience(open=True)]
    )
    status: PaymentStatus = open_to_all("How far the money has come.")
    amount: Money = open_to_all("How much.")
    created_at: datetime = open_to_all("When it was begun.")
    captured_at: datetime | None = open_to_all("When the money was there.")
    next_action: JSON | None = open_to_all("What the buyer has to do next; null when nothing.")
    order: Annotated[Order, strawberry.lazy("schema.orders")] = open_to_all("What was paid.")


@strawberry.input(description="How an order is paid.")
class PayOrderInput:
    """A payment."""

    order_id: strawberry.ID = asked("The order.")
    method: PaymentMethod = asked("How.")
    idempotency_key: str = asked("The same key pays once.")
