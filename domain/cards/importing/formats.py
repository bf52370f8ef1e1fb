"""What the file of one SKU holds: the form of its cards and what their codes look like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.cards.folding import lookup_form
from domain.cards.importing.patterns import CodePattern, code_pattern, sections
from domain.refusals import InvalidInput

_SHORT_SECRET = 8
_DEFAULT_CODE = code_pattern("[0-9A-Z]{6,64}", given=False)
_DEFAULT_PIN = code_pattern("[0-9A-Z]{4,64}", given=False)


class CardForm(StrEnum):
    """What a card consists of, named as the product kinds that use it."""

    KEY = "CARD_KEY"
    NUMBER_AND_KEY = "CARD_NUMBER_KEY"
    LINK = "LINK"


@dataclass(frozen=True)
class ImportFormat:
    """How the cards of one SKU are written; a link has no pattern, a plain key no number."""

    form: CardForm
    secret: CodePattern | None
    number: CodePattern | None

    @classmethod
    def of(cls, form: CardForm, pattern: str | None = None) -> ImportFormat:
        """The format of a SKU with this `secretPattern`, else its form's default; refuses what does not fit.

        Defaults: letters and digits without regard to case, 6 to 64 of a key, 4 to 64 of a number and of its
        key.
        """
        given = sections(pattern or "")
        if form is CardForm.LINK:
            if given:
                raise InvalidInput("A link has no pattern.", "secretPattern")
            return cls(form, None, None)
        if form is CardForm.KEY:
            if "number" in given:
                raise InvalidInput("Cards of this product have no number.", "secretPattern")
            return cls(form, given.get("secret", _DEFAULT_CODE), None)
        return cls(form, given.get("secret", _DEFAULT_PIN), given.get("number", _DEFAULT_PIN))

    @property
    def has_number(self) -> bool:
        """Whether each card has a number beside its secret."""
        return self.form is CardForm.NUMBER_AND_KEY


def secret_identity(secret: str, number: str | None) -> str:
    """The text whose blind index must be unique over all SKUs.

    A PIN of under 8 characters repeats by chance, so it counts only together with its card number.
    """
    form = lookup_form(secret)
    return f"{lookup_form(number)}\x1f{form}" if number is not None and len(form) < _SHORT_SECRET else form
