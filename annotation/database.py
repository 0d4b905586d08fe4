"""Opens the database: SQLite by default, PostgreSQL by URL; its tables are brought up to date by Alembic."""

from __future__ import annotations

import json
import logging
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from annotation.schema import AnnotationError

DEFAULT_URL = "sqlite:///annotation.db"
BUSY_SECONDS = 20  # how long a writer waits for another one
MIGRATIONS = Path(__file__).parent / "migrations"


def parse_url(text: str) -> URL:
    """Raises AnnotationError; its sentence does not repeat the URL, which may hold a password."""
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise AnnotationError(
            "The database URL cannot be used; expected something like sqlite:///annotation.db or postgresql://..."
        ) from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise AnnotationError("The database must be a file, such as sqlite:///annotation.db.")
    return url


def open_engine(url: URL) -> Engine:
    """The database with all tables. Raises AnnotationError."""
    is_file = url.get_backend_name() == "sqlite"
    if is_file and not Path(url.database).absolute().parent.is_dir():
        raise AnnotationError("The folder of the database does not exist; make it first.")
    try:
        engine = create_engine(
            url,
            json_serializer=partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
            connect_args={"timeout": BUSY_SECONDS} if is_file else {},
        )
    except ImportError as error:  # no driver
        raise AnnotationError(f"The driver of this database is missing: pip install {error.name}.") from error
    if is_file:
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    try:
        migrate(engine)
    except CommandError as error:
        engine.dispose()
        raise AnnotationError(
            "The database was made by a newer version of this program; update the program."
        ) from error
    except DBAPIError as error:
        engine.dispose()
        raise AnnotationError(
            f"The database cannot be opened: {' '.join(str(error.orig).split())}."
        ) from error
    return engine


def migrate(engine: Engine) -> None:
    """Brings the tables to the newest form; one process does it, others wait."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == head:
            return
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _prepare(connection, _record) -> None:
    connection.isolation_level = None  # transactions begin in _begin, not where the driver thinks fit
    # FULL: what a person was told is saved outlives a power cut, not only the end of the process.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection) -> None:
    """A writer takes the lock at once: two that read first and write later would fail instead of waiting."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
