"""People, tokens and the counters that slow guessing."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, UniqueConstraint, func, text

from persistence.tables.columns import METADATA, born, facts, key, moment, ref, texts, words

agent = Table(
    "agent",
    METADATA,
    key(),
    words("email"),
    words("password_hash"),
    words("name"),
    ref("channel_id", "channel", index=True),
    texts("roles"),
    Column("one_time_secret", LargeBinary, nullable=True),
    born(),
    moment("disabled_at"),
)
Index("uq_agent_email", func.lower(agent.c.email), unique=True)

customer = Table(
    "customer",
    METADATA,
    key(),
    ref("channel_id", "channel"),
    words("method"),
    Column("identifier_hmac", LargeBinary, nullable=False),
    words("identifier_masked"),
    texts("segments"),
    born(),
    UniqueConstraint("channel_id", "method", "identifier_hmac"),
)

token = Table(
    "token",
    METADATA,
    key(),
    words("kind"),
    Column("hmac", LargeBinary, nullable=False, unique=True),
    ref("channel_id", "channel", index=True),
    ref("agent_id", "agent", nullable=True, index=True),
    ref("customer_id", "customer", nullable=True),
    texts("scopes"),
    words("name", default=""),
    facts("settings"),
    born(),
    moment("expires_at"),
    moment("revoked_at"),
)

sign_in_code = Table(
    "sign_in_code",
    METADATA,
    key(),
    ref("channel_id", "channel"),
    Column("identifier_hmac", LargeBinary, nullable=False),
    Column("code_hmac", LargeBinary, nullable=False),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    born(),
    moment("expires_at", nullable=False),
    moment("used_at"),
    Index("ix_sign_in_code_identifier", "identifier_hmac", "created_at"),
)

guess = Table(
    "guess",
    METADATA,
    words("subject", primary_key=True),
    Column("failures", Integer, nullable=False),
    moment("last_at", nullable=False),
)
Index("ix_guess_age", guess.c.last_at)

trusted_document = Table(
    "trusted_document",
    METADATA,
    ref("channel_id", "channel", primary_key=True),
    words("id", primary_key=True),
    Column("sha256", LargeBinary, nullable=False, index=True),
    words("text"),
    born(),
)

portal_key = Table(
    "portal_key",
    METADATA,
    ref("channel_id", "channel", primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    born(),
)

spent_proof = Table(
    "spent_proof",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    moment("expires_at", nullable=False),
    Index("ix_spent_proof_age", "expires_at"),
)
