"""Attempts at suppliers, each with a number of its own and everything that was answered."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint, text

from persistence.tables.columns import METADATA, born, facts, key, minor, moment, ref, words

attempt = Table(
    "attempt",
    METADATA,
    key(),
    ref("fulfilment_id", "fulfilment"),
    Column("unit", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    words("supplier"),
    words("outgoing_number", unique=True),
    words("state"),
    facts("account", nullable=True),
    words("account_label", default=""),
    minor("face_minor", nullable=True),
    minor("charged_minor", nullable=True),
    words("reference", nullable=True),
    words("detail", nullable=True),
    Column("polls", Integer, nullable=False, server_default=text("0")),
    born(),
    moment("sent_at"),
    moment("next_poll_at"),
    moment("finished_at"),
    UniqueConstraint("fulfilment_id", "unit", "number"),
)
Index(
    "ix_attempt_poll",
    attempt.c.next_poll_at,
    postgresql_where=text("state IN ('SENT', 'ACCEPTED', 'UNKNOWN')"),
)

case_file = Table(
    "case_file",
    METADATA,
    key(),
    words("subject"),
    Column("subject_id", key().type, nullable=False),
    words("reason"),
    facts("facts"),
    words("status", default="OPEN"),
    born(),
    moment("closed_at"),
)
