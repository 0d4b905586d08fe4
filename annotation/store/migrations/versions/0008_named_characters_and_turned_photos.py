"""Characters that people name for a project, and what tells that two photos are one, turned"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("projects", sa.Column("characters", sa.Text(), nullable=False, server_default=""))
    op.add_column("images", sa.Column("turned_dhashes", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("images", "turned_dhashes")
    op.drop_column("projects", "characters")
