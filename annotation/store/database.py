"""Opens the database: SQLite by default, PostgreSQL by URL; its tables are brought up to date by Alembic."""

from __future__ import annotations

import json
import logging
import os
import sys
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

from annotation.region import AnnotationError

DEFAULT_URL = "sqlite:///annotation.db"
APP = "swintextspotter"  # its folder among the data of other programs
BUSY_SECONDS = 20  # how long a writer waits for another one
CONNECT_SECONDS = 10  # how long a database server may take to answer
WRITERS = 0x5357_4953  # PostgreSQL's advisory lock of whoever writes: a number that nobody else takes
MIGRATIONS = Path(__file__).parent / "migrations"


def user_url() -> str:
    """An SQLite file in the folder where this system keeps a person's data; the folder is made.

    Raises AnnotationError.
    """
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    folder = home / APP
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise AnnotationError(
            f"The folder {folder} cannot be made ({error.strerror}); name a database with --database."
        ) from error
    return URL.create("sqlite", database=str(folder / "annotation.db")).render_as_string()


def parse_url(text: str) -> URL:
    """Raises AnnotationError; its sentence does not repeat the URL, which may hold a password."""
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise AnnotationError(
            "The database URL cannot be used; expected something like sqlite:///annotation.db or postgresql://..."
        ) from error
    backend = url.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise AnnotationError(f"The database {backend} is not supported; use SQLite or PostgreSQL.")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise AnnotationError("The database must be a file, such as sqlite:///annotation.db.")
    # The driver that is meant when none is named is the one in our extra "postgresql".
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def open_engine(url: URL) -> Engine:
    """The database with all tables. Raises AnnotationError."""
    is_file = url.get_backend_name() == "sqlite"
    if is_file and not Path(url.database).absolute().parent.is_dir():
        raise AnnotationError("The folder of the database does not exist; make it first.")
    try:
        engine = create_engine(
            url,
            json_serializer=partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
            connect_args={"timeout": BUSY_SECONDS} if is_file else {"connect_timeout": CONNECT_SECONDS},
            pool_pre_ping=not is_file,  # a server may have been started anew
        )
    except ImportError as error:  # no driver
        raise AnnotationError(f"The driver of this database is missing: pip install {error.name}.") from error
    if is_file:
        event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin_in_file if is_file else _begin_on_server)
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


def _begin_in_file(connection) -> None:
    """A writer takes the lock at once: two that read first and write later would fail instead of waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _begin_on_server(connection) -> None:
    """The same on PostgreSQL: one writer at a time, and a reader sees one state of everything."""
    if _writes(connection):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _writes(connection) -> bool:
    return connection.get_execution_options().get("writes", False)
