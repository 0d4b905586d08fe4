"""Run by Alembic, which is called by `annotation.store.database` with an open connection."""

from __future__ import annotations

from alembic import context

from annotation.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
