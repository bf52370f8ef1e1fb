"""Where the outbox begins for the relay, and statistics for tables that grow faster than autovacuum looks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.util import await_only

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# A plan that is kept from when the outbox was one page would read all of its dead rows, again and again.
FUNCTIONS = """
CREATE FUNCTION outbox_waits(behind bigint) RETURNS boolean
LANGUAGE sql STABLE SET enable_seqscan = off
AS 'SELECT EXISTS (SELECT FROM outbox WHERE id > behind)';

CREATE FUNCTION analyze_grown(least_pages integer, most_pages integer) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    grown name;
    done text[] := '{}';
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('analyze_grown', 0)) THEN
        RETURN done;
    END IF;
    FOR grown IN
        SELECT DISTINCT relname
          FROM (SELECT t.relname, r.relpages,
                       pg_relation_size(r.oid) / current_setting('block_size')::integer AS pages
                  FROM pg_class r
                  LEFT JOIN pg_index i ON i.indexrelid = r.oid
                  JOIN pg_class t ON t.oid = coalesce(i.indrelid, r.oid)
                 WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace) one
         WHERE relpages < most_pages AND pages >= greatest(2 * relpages, least_pages)
         ORDER BY relname
    LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) public.%I', grown);
        done := done || grown::text;
    END LOOP;
    RETURN done;
END $$;
REVOKE EXECUTE ON FUNCTION analyze_grown(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analyze_grown(integer, integer) TO quanyi_app;
"""


def upgrade() -> None:
    op.add_column(
        "relay", sa.Column("settled_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    driver: Any = op.get_bind().connection.driver_connection
    await_only(driver.execute(FUNCTIONS))
