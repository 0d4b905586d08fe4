"""Names sort by code points on PostgreSQL too, not by the locale of the server"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _collate("C")


def downgrade() -> None:
    _collate(None)


def _collate(collation: str | None) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite compares code points anyway
        op.alter_column("images", "sort_name", type_=sa.String(600, collation=collation))
