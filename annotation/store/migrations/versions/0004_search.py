"""An index of the texts, for the search"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL limits an index row to 2700 bytes
        op.create_index("ix_regions_text", "regions", ["image_id", "id", "text"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_regions_text", "regions")
