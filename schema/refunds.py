"""What the API shows of refunds, and what it asks about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain.access.callers import CallerKind
from domain.catalog.fulfilment import Goods
from domain.orders.refunds import views
from domain.orders.refunds.ports import RefundFilter
from domain.orders.refunds.rules import Target
from domain.orders.refunds.states import RefundState
from schema import ids
from schema.audiences import Audience, asked, identified, open_to_all
from schema.money import Money
from schema.nouns import Node, noun
from schema.words import described

if TYPE_CHECKING:
    from schema.orders import Order

described(
    RefundState,
    "Where a refund stands.",
    name="RefundProgress",
    REQUESTED="Asked for; the goods cannot be used until somebody has decided.",
    APPROVED="Decided for; the goods are taken back.",
    SENT="The payment's provider was told, and has not answered for certain.",
    SUCCEEDED="The money is back.",
    FAILED="The payment's provider refused; somebody has to pay back in another way.",
    REJECTED="Decided against; the buyer has the goods again.",
    WITHDRAWN="Not asked for any more; the buyer has the goods again.",
)
described(
    Goods,
    "What becomes of the goods of a refund.",
    name="RefundedGoods",
    BACK_TO_STOCK="For sale again.",
    VOIDED="They end.",
    VOID_AT_ISSUER_FIRST="Cards that were seen end, once their issuer says that they are unused.",
    RETURNED="They came back, and somebody looks at them.",
    NOTHING="There are none.",
    BY_COMPONENT="Each component's by its own kind.",
)


def _line_id(root: strawberry.Parent[Any]) -> strawberry.ID:
    return strawberry.ID(ids.encode("lin", root.line_id))


def _of_line() -> Any:
    return strawberry.field(
        resolver=_line_id, description="The id of the order's line.", directives=[Audience(open=True)]
    )


@noun(views.RefundLineView, description="What a refund takes of one product of an order.")
class RefundLine:
    """A line of a refund."""

    line_id: strawberry.ID = _of_line()
    sku: str = open_to_all("The product; of a bundle, its component.")
    units: int = open_to_all("How much of it is paid back, in units of `whole`.")
    whole: int = open_to_all(
        "All of it: items, units of a metered right, or the face value of top-ups in fen."
    )
    amount: Money = open_to_all("What it comes to.")
    goods: Goods = open_to_all("What becomes of the goods.")


@noun(views.RefundableView, description="What could be paid back now of one product of an order.")
class Refundable:
    """An offer to pay back."""

    line_id: strawberry.ID = _of_line()
    sku: str = open_to_all("The product; of a bundle, its component.")
    quantity: int = open_to_all("How many items that is; one of which a share is left counts as one.")
    amount: Money = open_to_all("What it comes to; nothing where it is refused.")
    goods: Goods = open_to_all("What would become of the goods.")
    review: bool = open_to_all("Whether headquarters would decide, because a card was seen.")
    refused: str | None = open_to_all("Why nothing of it is paid back; null when something is.")


@noun(views.RefundView, description="Money of an order that is asked back.", prefix="rfd")
class Refund(Node):
    """A refund."""

    id: strawberry.ID = identified("rfd", "The refund's id.")
    status: RefundState = open_to_all("Where it stands.")
    amount: Money = open_to_all("What the buyer gets back.")
    review: bool = open_to_all("Whether headquarters decides, because a card of it was seen.")
    reason: str = open_to_all("Why it was asked for.")
    note: str = open_to_all("What was said when it was decided.")
    requested_by: CallerKind = open_to_all("Who asked for it.")
    decided_by: CallerKind | None = open_to_all("Who decided, or withdrew it; null until then.")
    created_at: datetime = open_to_all("When it was asked for.")
    decided_at: datetime | None = open_to_all("When it was decided.")
    finished_at: datetime | None = open_to_all("When the money was back, or it was refused.")
    lines: list[RefundLine] = open_to_all("What it takes of which product.")
    order: Annotated[Order, strawberry.lazy("schema.orders")] | None = open_to_all(
        "The order; null where you may see refunds and no orders."
    )


@strawberry.input(description="What is asked back: a line, or of a bundle's line one component.")
class RefundLineInput:
    """A target."""

    line_id: strawberry.ID = asked("The order's line.")
    sku: str | None = asked("One component of a bundle; all of the line without it.", default=None)
    quantity: int | None = asked(
        "So many items of it, or so many bundles; all that can be paid back without it. "
        "Cards that nobody has seen go back first.",
        default=None,
    )


@strawberry.input(description="What is to be paid back.")
class RequestRefundInput:
    """A request."""

    order_id: strawberry.ID = asked("The order.")
    lines: list[RefundLineInput] | None = asked(
        "Which lines and components; everything that can be paid back without it.", default=None
    )
    reason: str | None = asked("Why, in up to 500 characters.", default=None)
    idempotency_key: str = asked("The same key asks once.")

    def targets(self) -> tuple[Target, ...]:
        """The lines as the domain reads them; raises NotFound."""
        return tuple(
            Target(
                ids.required("lin", one.line_id, "line of this order", f"lines.{index}.lineId"),
                one.sku,
                one.quantity,
            )
            for index, one in enumerate(self.lines or ())
        )


@strawberry.input(description="Which refund to pay back.")
class ApproveRefundInput:
    """A yes."""

    refund_id: strawberry.ID = asked("The refund.")
    note: str | None = asked("What the buyer may read about it.", default=None)
    issuer_pays_back: bool = asked(
        "Whether the issuer of cards that were seen takes them back; otherwise they are booked as a loss.",
        default=False,
    )
    idempotency_key: str = asked("The same key pays back once.")


@strawberry.input(description="Which refund to refuse, and why.")
class RejectRefundInput:
    """A no."""

    refund_id: strawberry.ID = asked("The refund.")
    note: str = asked("Why: the buyer reads it.")
    used_card_ids: list[strawberry.ID] | None = asked(
        "Cards of the refund that their issuer says were used; they count as redeemed. Headquarters only.",
        default=None,
    )
    idempotency_key: str = asked("The same key refuses once.")


@strawberry.input(description="Which refund is not asked for any more.")
class WithdrawRefundInput:
    """A second thought."""

    refund_id: strawberry.ID = asked("The refund.")
    idempotency_key: str = asked("The same key withdraws once.")


@strawberry.input(description="Which refunds; what is left out does not narrow.")
class RefundsFilter:
    """A filter."""

    channel: str | None = asked("The code of a channel: it and all below it.", default=None)
    status: list[RefundState] | None = asked("One of these; none for an empty list.", default=None)
    order_id: strawberry.ID | None = asked("Of this order.", default=None)
    review: bool | None = asked("Whether headquarters decides.", default=None)
    requested_after: datetime | None = asked("Asked for later than this.", default=None)
    requested_before: datetime | None = asked("Asked for earlier than this.", default=None)

    def wanted(self) -> RefundFilter | None:
        """The filter as the domain reads it; None where it can find nothing."""
        order_id = None if self.order_id is None else ids.decode("ord", self.order_id)
        if self.order_id is not None and order_id is None:
            return None
        return RefundFilter(
            channel=self.channel,
            status=None if self.status is None else tuple(self.status),
            order_id=order_id,
            review=self.review,
            requested_after=_zoned(self.requested_after),
            requested_before=_zoned(self.requested_before),
        )


def _zoned(moment: datetime | None) -> datetime | None:
    """A time without an offset is UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
