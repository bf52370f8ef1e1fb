"""Finding cards by what people type, and telling codes that nobody made from codes that somebody may have."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from prometheus_client import Counter

from domain.cards import codes
from domain.cards.folding import lookup_form
from domain.cards.importing.formats import CardForm, ImportFormat, secret_identity
from domain.cards.keys import KeyPurpose, derive
from persistence.cards.blind_index import BlindIndex
from persistence.statements import Connection, Statement

if TYPE_CHECKING:
    from persistence.cards.vault import Vault

FORMATS_FRESH_S = 2.0
"""How long the formats of imported SKUs are believed; from its first import to a redemption takes longer."""

FORGERIES = Counter(
    "quanyi_forged_codes_total", "Codes that look like ours and are none: somebody is guessing."
)

_FORMATS = Statement(
    """SELECT DISTINCT p.kind, v.secret_pattern FROM card_batch b
         JOIN variant v ON v.id = b.variant_id JOIN product p ON p.id = v.product_id
        WHERE b.origin <> 'MINT' AND NOT b.dry_run"""
)


@dataclass(slots=True)
class _Known:
    read_at_s: float
    formats: list[ImportFormat]


_known: WeakKeyDictionary[Vault, _Known] = WeakKeyDictionary()


def secret_hmacs(vault: Vault, secret: str, number: str | None = None) -> list[bytes]:
    """The blind indexes under which a card with this secret may be found."""
    forms = {secret_identity(secret, number), lookup_form(secret)}
    if is_shaped(secret):
        forms.add(codes.normalise(secret))
    return [index.of("secret", form) for index in _indexes(vault) for form in sorted(forms)]


def number_hmacs(vault: Vault, number: str) -> list[bytes]:
    """The same for a card number."""
    return [index.of("number", lookup_form(number)) for index in _indexes(vault)]


def _indexes(vault: Vault) -> list[BlindIndex]:
    """Under every index key there is: while one is being turned, cards are found under either."""
    return [BlindIndex(vault.keys, key.id) for key in vault.keys.ring(KeyPurpose.INDEX)]


def is_shaped(secret: str) -> bool:
    """Whether a text could be one of our codes by its looks."""
    code = codes.normalise(secret)
    return len(code) == codes.CODE_LENGTH and all(letter in codes.ALPHABET for letter in code)


def is_minted(vault: Vault, secret: str) -> bool:
    """Whether a text is a code of ours, by its check characters."""
    return any(
        codes.has_valid_mac(derive(key, f"quanyi.{KeyPurpose.CODE}.v1"), secret)
        for key in vault.keys.ring(KeyPurpose.CODE)
    )


async def is_forged(connection: Connection, vault: Vault, secret: str) -> bool:
    """Whether a code looks like ours, is none, and fits no SKU that was imported; counted as an attack."""
    if not is_shaped(secret) or is_minted(vault, secret):
        return False
    form = lookup_form(secret)
    for known in await _formats(connection, vault):
        if known.form is not CardForm.LINK and known.secret is not None and known.secret.fits(form):
            return False
    FORGERIES.inc()
    return True


async def _formats(connection: Connection, vault: Vault) -> list[ImportFormat]:
    now_s = time.monotonic()
    known = _known.get(vault)
    if known is None or now_s - known.read_at_s > FORMATS_FRESH_S:
        rows = await _FORMATS.all(connection)
        formats = [ImportFormat.of(CardForm(row["kind"]), row["secret_pattern"]) for row in rows]
        known = _known[vault] = _Known(now_s, formats)
    return known.formats
