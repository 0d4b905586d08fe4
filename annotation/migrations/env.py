"""Run by Alembic, which is called by `annotation.database` with an open connection."""

from __future__ import annotations

from alembic import context

from annotation.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
