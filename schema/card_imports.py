"""What the API shows of batches of cards, and what it asks of them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from domain.cards.batches import views
from domain.cards.batches.status import BatchStatus, Origin
from domain.cards.importing.rows import Reason
from schema.audiences import asked, identified, open_to_all
from schema.nouns import Node, noun
from schema.paging import Connection
from schema.upload import Upload
from schema.words import described

described(
    BatchStatus,
    "Where an import stands.",
    name="CardImportStatus",
    QUEUED="It waits for a worker.",
    RUNNING="Cards come into stock, some thousand at a time.",
    SUCCEEDED="All rows are done; refused ones are listed.",
    FAILED="It ended early; `failure` says why. Cards that were stored until then are in stock.",
    WITHDRAWING="Its cards are being taken back.",
    WITHDRAWN="None of its cards can be sold, and a corrected file can be imported.",
)
described(
    Origin,
    "Where the cards of an import come from.",
    name="CardImportOrigin",
    FILE="A file that was uploaded.",
    MINT="Our own mint.",
)
described(
    Reason,
    "Why a row of a file was refused.",
    name="CardRejectionReason",
    DUPLICATE_IN_FILE="An accepted row above has the same card.",
    DUPLICATE_IN_STOCK="The card is in stock already, for this SKU or another.",
    MISSING_SECRET="There is no secret in this row.",  # noqa: S106 - a reason, not a password
    MISSING_NUMBER="There is no card number in this row.",
    BAD_FORMAT="The code does not look like a code of this SKU.",
    BAD_DATE="The expiry cannot be read as a date.",
    EXPIRED="The card has expired already.",
    BAD_LINK="This is not a link that a buyer could open.",
    INSECURE_LINK="The link is not https.",
    DAMAGED_BY_SPREADSHEET="A spreadsheet turned the code into a number, and its digits are lost.",
)


@noun(views.RejectionView, description="A refused row of a file. Nothing else of it is kept.")
class CardRejection:
    """Where and why."""

    row: int = open_to_all("The row of the spreadsheet, from 1, its header and blank rows counted.")
    reason: Reason = open_to_all("Why it was refused.")


@noun(
    views.CardImportView,
    description="Cards that come into stock together, from a file or from our mint.",
    prefix="imp",
)
class CardImport(Node):
    """A batch."""

    id: strawberry.ID = identified("imp", "The import's id.")
    sku: str = open_to_all("What the cards are sold as.")
    origin: Origin = open_to_all("Where the cards come from.")
    status: BatchStatus = open_to_all("Where it stands.")
    dry_run: bool = open_to_all("Whether it only says what would become of the file.")
    file_name: str | None = open_to_all("The file's name; null for minted cards.")
    rows_read: int = open_to_all("How many rows are done, blank ones left out.")
    accepted: int = open_to_all("How many of them are cards in stock, or would be.")
    rejected: int = open_to_all("How many of them were refused.")
    percent: int = open_to_all("How much is done, 0 to 100.")
    rejections: Connection[CardRejection] = open_to_all("The refused rows in the order of the file.")
    failure: str | None = open_to_all("Why it ended early, in a sentence; null where it did not.")
    reason: str | None = open_to_all("Why it was withdrawn; null where it was not.")
    expires_at: datetime | None = open_to_all("When minted cards expire; null where they do not.")
    created_at: datetime = open_to_all("When it was asked for; what is over by then counts as expired.")
    finished_at: datetime | None = open_to_all("When all rows were done, or it failed.")


@strawberry.input(description="Headers of the columns, where they are not recognised by themselves.")
class ImportColumnsInput:
    """A mapping that the caller knows better."""

    number: str | None = asked("The header of the card number.", default=None)
    secret: str | None = asked("The header of the secret or link.", default=None)
    expires_at: str | None = asked("The header of the expiry.", default=None)

    def by_role(self) -> dict[str, str]:
        """Role → header, for what was said."""
        said = {"number": self.number, "secret": self.secret, "expiresAt": self.expires_at}
        return {role: header for role, header in said.items() if header}


@strawberry.input(description="A file of cards to import.")
class ImportCardsInput:
    """An import."""

    sku: str = asked("What the cards are sold as.")
    file: Upload = asked("An xlsx, or a csv in UTF-8, GBK or GB18030.")
    dry_run: bool = asked("Only say what would become of the file.", default=False)
    columns: ImportColumnsInput | None = asked("Which columns to read.", default=None)
    idempotency_key: str = asked("A text of yours that names this request; repeats change nothing.")


@strawberry.input(description="An import to take back as a whole.")
class WithdrawCardImportInput:
    """A withdrawal."""

    id: strawberry.ID = asked("The import.")
    reason: str = asked("Why; it goes into the trace of every card.")


@strawberry.input(description="Cards to make with codes of our own.")
class MintCardsInput:
    """A minting."""

    sku: str = asked("What the cards are sold as.")
    quantity: int = asked("How many, up to 1,000,000.")
    expires_at: datetime | None = asked("When they expire; null for never.", default=None)
    idempotency_key: str = asked("A text of yours that names this request; repeats change nothing.")
