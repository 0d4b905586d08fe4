"""The bin, reasons for skipping a photo, and which photos were sent to a Label Studio server"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("projects", sa.Column("deleted_name", sa.String(length=200), nullable=True))
    op.add_column("projects", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("projects", sa.Column("deleted_by", sa.String(length=200), nullable=True))
    op.add_column("reviews", sa.Column("reason", sa.String(length=200), nullable=True))
    op.create_table(
        "sent_images",
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("server_project", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"]),
        sa.PrimaryKeyConstraint("image_id", "server_project"),
    )
    op.create_table(
        "removed_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("extension", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "extension"),
    )


def downgrade() -> None:
    op.drop_table("removed_files")
    op.drop_table("sent_images")
    op.execute("UPDATE images SET state = 'in work' WHERE state IN ('skipped', 'deleted')")
    op.drop_column("reviews", "reason")
    op.execute("UPDATE projects SET name = deleted_name || ' ' || id WHERE deleted_name IS NOT NULL")
    for name in ("deleted_by", "deleted_at", "deleted_name"):
        op.drop_column("projects", name)
