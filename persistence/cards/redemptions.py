"""Redemptions: lease and use are guarded steps of the card, and each is one row under the redeemer's key."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from domain.cards import presentation
from domain.cards.records import Claim, FoundRedemption, RedemptionDraft
from domain.cards.states import CardStep
from domain.cards.views import RedemptionOutcome, RedemptionStatus, RedemptionView
from domain.refusals import IdempotencyConflict
from persistence.cards import lookup
from persistence.cards.rows import REDEMPTION, card_of, redemption_of
from persistence.cards.transitions import cards_where, move, transition
from persistence.idempotency import kept_key
from persistence.statements import Statement

if TYPE_CHECKING:
    from datetime import datetime

    from domain.access.callers import Caller
    from persistence.work import Work

_FROM = "FROM redemption r JOIN card c ON c.id = r.card_id JOIN variant v ON v.id = c.variant_id"
_PAST = Statement(f"SELECT {REDEMPTION} {_FROM} WHERE r.scope = :scope AND r.idempotency_key = :key")
_LOCK = Statement(
    f"SELECT {REDEMPTION} {_FROM} WHERE r.id = :redemption AND r.scope = :scope FOR UPDATE OF r"
)
_SPEND = Statement(
    """INSERT INTO spent_proof (digest, expires_at) VALUES (:digest, :until)
       ON CONFLICT DO NOTHING RETURNING true"""
)
_OVERDUE = Statement(
    """INSERT INTO case_file (id, subject, subject_id, reason, facts)
       SELECT gen_random_uuid(), 'redemption', r.id, 'LEASE_OVER',
              jsonb_build_object('card_id', r.card_id, 'lease_until', r.lease_until)
         FROM redemption r WHERE r.status = 'PENDING' AND r.lease_until < now() AND NOT EXISTS
              (SELECT FROM case_file f WHERE f.subject = 'redemption' AND f.subject_id = r.id)
        ORDER BY r.lease_until LIMIT CAST(:limit AS bigint)"""
)

_WAYS = {
    "secret": "c.secret_hmac = ANY (CAST(:secrets AS bytea[]))"
    " AND (CAST(:numbers AS bytea[]) IS NULL OR c.number_hmac = ANY (CAST(:numbers AS bytea[])))",
    "number": "c.number_hmac = ANY (CAST(:numbers AS bytea[]))"
    " AND (CAST(:sku AS text) IS NOT NULL OR 1 ="
    " (SELECT count(*) FROM card d WHERE d.number_hmac = ANY (CAST(:numbers AS bytea[]))))",
    "card": "c.id = CAST(:card AS uuid)",
}
_IN_SCOPE = """
    AND (c.expires_at IS NULL OR c.expires_at > now() - CAST(:grace AS interval))
    AND (CAST(:sku AS text) IS NULL OR c.variant_id = (SELECT w.id FROM variant w WHERE w.sku = :sku))
    AND EXISTS (SELECT FROM channel s WHERE s.id = c.channel_id AND s.path @> ARRAY[CAST(:place AS uuid)])"""

_WRITE = """used AS (
    INSERT INTO redemption (id, card_id, channel_id, token_id, scope, idempotency_key, fingerprint, status,
                            lease_until, settled_at)
    SELECT CAST(:redemption AS uuid), m.id, CAST(:place AS uuid), CAST(:token AS uuid), :scope, :key,
           :fingerprint, {status} FROM moved m)"""


def _begin(way: str, at_once: bool) -> Statement:
    """Both steps, or the lease alone, of a card named in one of the ways."""
    steps = (CardStep.BEGIN_REDEMPTION, CardStep.REDEEM) if at_once else (CardStep.BEGIN_REDEMPTION,)
    lease = "now() + CAST(:lease AS interval)"
    status = f"'SUCCEEDED', {lease}, now()" if at_once else f"'PENDING', {lease}, NULL"
    return transition(
        cards_where(_WAYS[way] + _IN_SCOPE, steps[0], place="CAST(:place AS uuid)"),
        steps,
        sets=f"state_before = {'NULL' if at_once else 'stepped.state'}, lease_until = {lease}",
        then=_WRITE.format(status=status),
    )


_BEGIN = {(way, at_once): _begin(way, at_once) for way in _WAYS for at_once in (True, False)}

_SETTLED = """settled AS (
    UPDATE redemption SET status = '{status}', settled_at = now() WHERE id = CAST(:redemption AS uuid))"""
_SETTLE = {
    RedemptionOutcome.SUCCEEDED: transition(
        cards_where("c.id = :card", CardStep.REDEEM, place="CAST(:place AS uuid)"),
        (CardStep.REDEEM,),
        sets="state_before = NULL, lease_until = NULL",
        then=_SETTLED.format(status="SUCCEEDED"),
    ),
    RedemptionOutcome.FAILED: transition(
        cards_where(
            "c.id = :card",
            CardStep.FAIL_REDEMPTION,
            place="CAST(:place AS uuid)",
            more="c.state_before AS back",
        ),
        (CardStep.FAIL_REDEMPTION,),
        sets="state_before = NULL, lease_until = NULL",
        then=_SETTLED.format(status="FAILED"),
    ),
}


class StoredRedemptions:
    """Fills `domain.cards.ports.Redemptions`, and remembers spent presentation codes."""

    def __init__(self, work: Work) -> None:
        self._work, self._vault = work, work.tools.vault

    @property
    def _on(self) -> Any:
        return self._work.connection

    async def past(self, caller: Caller, key: str) -> FoundRedemption | None:
        """What a key redeemed before."""
        scope = caller.idempotency_scope
        row = await _PAST.one(self._on, scope=scope, key=kept_key(scope, key))
        return None if row is None else FoundRedemption(redemption_of(row), row["fingerprint"])

    async def is_forged(self, secret: str) -> bool:
        """Whether nobody can have made this code."""
        return await lookup.is_forged(self._on, self._vault, secret)

    async def presented(self, token: str) -> UUID | None:
        """The card of a presentation code, once."""
        return await presentation.accept(token, self._vault.keys, self, self._work.now)

    async def spend(self, card_id: UUID, jti: bytes, until: datetime) -> bool:
        """Mark a presentation code used; false where it was already."""
        digest = hashlib.sha256(b"presentation" + card_id.bytes + jti).digest()
        return bool(await _SPEND.value(self._on, digest=digest, until=until))

    async def begin(self, claim: Claim, draft: RedemptionDraft, caller: Caller) -> RedemptionView | None:
        """One statement: find, guard, step, write down."""
        way = "card" if claim.card_id else "secret" if claim.secret else "number"
        try:
            moved = await move(
                self._work,
                _BEGIN[way, draft.at_once],
                caller,
                **self._named(claim),
                sku=claim.sku,
                grace=self._work.cards.terms.expiry_grace,
                place=caller.channel,
                redemption=draft.id,
                token=caller.token_id,
                scope=caller.idempotency_scope,
                key=kept_key(caller.idempotency_scope, draft.key),
                fingerprint=draft.fingerprint,
                lease=draft.lease,
            )
        except asyncpg.UniqueViolationError:
            raise IdempotencyConflict() from None
        if not moved:
            return None
        status = RedemptionStatus.SUCCEEDED if draft.at_once else RedemptionStatus.PENDING
        lease = None if draft.at_once else self._work.now + draft.lease
        return RedemptionView(draft.id, self._work.now, status, lease, card_of(moved[0]))

    def _named(self, claim: Claim) -> dict[str, Any]:
        numbers = lookup.number_hmacs(self._vault, claim.number) if claim.number else None
        if claim.card_id:
            return {"card": claim.card_id}
        if claim.secret:
            secrets = lookup.secret_hmacs(self._vault, claim.secret, claim.number)
            return {"secrets": secrets, "numbers": numbers}
        return {"numbers": numbers}

    async def lock(self, redemption_id: UUID, caller: Caller) -> RedemptionView | None:
        """A redemption under the caller's own keys."""
        row = await _LOCK.one(self._on, redemption=redemption_id, scope=caller.idempotency_scope)
        return None if row is None else redemption_of(row)

    async def settle(
        self, redemption: RedemptionView, outcome: RedemptionOutcome, caller: Caller
    ) -> RedemptionView:
        """End a pending redemption, and move its card."""
        (moved,) = await move(
            self._work,
            _SETTLE[outcome],
            caller,
            card=redemption.card.id,
            place=caller.channel,
            redemption=redemption.id,
        )
        status = RedemptionStatus(outcome.value)
        return RedemptionView(redemption.id, redemption.at, status, None, card_of(moved))

    async def report_overdue(self, limit: int) -> int:
        """One case for each, once."""
        return await _OVERDUE.run(self._on, limit=limit)
