"""An index of the revisions by people, for the statistics"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

COLUMNS = ["image_id", "region_id", "who", "source", "version", "at"]


def upgrade() -> None:
    where = sa.text("source != 'model'")
    op.create_index("ix_revisions_people", "revisions", COLUMNS, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_revisions_people", "revisions")
