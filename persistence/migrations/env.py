"""Alembic's entry: it runs on the connection that `migrate` hands over."""

from __future__ import annotations

from alembic import context

from persistence.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=False,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
