"""Tickets: what a download link is good for, signed, so that a browser without a token can follow it."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.ledger.accounts import AccountKind
from domain.ledger.statements.views import StatementFormat

Fingerprint = Callable[[str, str], bytes]
"""(purpose, text) → a keyed hash that only we can compute."""

_PURPOSE = "statement"
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Ticket:
    """One channel's statement in one format, until `expires_at`."""

    channel_id: UUID
    account: AccountKind
    currency: str
    period: str
    format: StatementFormat
    expires_at: datetime

    def text(self, fingerprint: Fingerprint) -> str:
        """As a part of a link; its whole hash is in it, for it takes the place of a session."""
        claims = [
            self.channel_id.hex,
            self.account.value,
            self.currency,
            self.period,
            self.format.value,
            int(self.expires_at.timestamp()),
        ]
        body = _packed(json.dumps(claims, separators=(",", ":")).encode())
        return f"{body}.{_packed(fingerprint(_PURPOSE, body))}"

    @classmethod
    def read(cls, text: str, fingerprint: Fingerprint) -> Ticket | None:
        """What we signed; None for any other text. Whether it has expired is another question."""
        body, separator, mac = text.partition(".")
        if not separator or len(text) > _LONGEST or not text.isascii():
            return None
        if not hmac.compare_digest(mac, _packed(fingerprint(_PURPOSE, body))):
            return None
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        channel, account, currency, period, written, expires = claims
        return cls(
            UUID(channel),
            AccountKind(account),
            currency,
            period,
            StatementFormat(written),
            datetime.fromtimestamp(expires, UTC),
        )


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
