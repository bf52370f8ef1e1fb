"""Keys of repeated requests are kept as hashes: some front ends make a card's secret the key."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEPT = {"idempotency": ("scope", "key"), "redemption": ("scope", "idempotency_key"),
        "reveal": ("customer_id::text", "idempotency_key")}  # fmt: skip


def upgrade() -> None:
    for table, (scope, key) in KEPT.items():
        said = f"convert_to({scope} || E'\\n' || {key}, 'UTF8')"
        op.execute(f"UPDATE {table} SET {key} = encode(sha256({said}), 'hex')")
