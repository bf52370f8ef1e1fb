"""The first tables, the application's role, and the trace that nobody can rewrite."""

from __future__ import annotations

from typing import Any

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from sqlalchemy.util import await_only

from persistence.tables import METADATA

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'quanyi_app') THEN
        BEGIN
            CREATE ROLE quanyi_app NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'quanyi_app', 'MEMBER') THEN
        EXECUTE format('GRANT quanyi_app TO %I', current_user);
    END IF;
END $$
"""

GRANTS = """
GRANT USAGE ON SCHEMA public TO quanyi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO quanyi_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO quanyi_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO quanyi_app;
REVOKE UPDATE, DELETE, TRUNCATE ON card_event FROM quanyi_app;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM quanyi_app
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_rewriting_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trace of a card is append-only';
END $$;
CREATE TRIGGER card_event_append_only BEFORE UPDATE OR DELETE ON card_event
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting_history();
CREATE TRIGGER card_event_never_emptied BEFORE TRUNCATE ON card_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting_history()
"""

SEEDS = """
INSERT INTO price_epoch (id, epoch) VALUES (1, 1);
INSERT INTO relay (id, last_position) VALUES (1, 0)
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(ROLE)
    METADATA.create_all(op.get_bind())
    _each(QueryBuilderEnvironment().build_install_query(), whole=True)
    _each(APPEND_ONLY, whole=True)
    _each(SEEDS)
    _each(GRANTS)


def _each(script: str, whole: bool = False) -> None:
    """Run a script; asyncpg prepares one statement at a time, so a whole script goes to the driver itself."""
    if whole:
        driver: Any = op.get_bind().connection.driver_connection
        await_only(driver.execute(script))
        return
    for statement in script.split(";"):
        op.execute(statement)
