"""The database: SQLite by default, PostgreSQL by URL; Alembic migrates its tables."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from pydantic_core import from_json
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from annotation.region import AnnotationError
from spotter.language import tr

DEFAULT_URL = "sqlite:///annotation.db"
APP = "swintextspotter"  # the app's folder in the user's data folder
SPACE_DATA = Path("/data")  # of a Hugging Face Space with persistent storage
BUSY_SECONDS = 20  # how long a writer waits for another one
CONNECT_SECONDS = 10  # timeout of a database server
WRITER_LOCK = 0x5357_4953  # key of PostgreSQL's advisory lock, which every writer takes
MIGRATIONS = Path(__file__).parent / "migrations"


_acts_itself: ContextVar[bool] = ContextVar("the program acts itself", default=False)


@contextmanager
def as_program() -> Iterator[None]:
    """For what the program does of its own accord, though a person's request may have begun it."""
    token = _acts_itself.set(True)
    try:
        yield
    finally:
        _acts_itself.reset(token)


class Database:
    """Transactions on the database at a URL, whose tables are created or migrated. Raises AnnotationError."""

    def __init__(self, url: URL) -> None:
        self.engine = open_engine(url)
        # The name of the person who acts, if people log in; see annotation.store.roles.
        self.person: Callable[[], str] = str

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Raises AnnotationError if the database cannot be reached."""
        with _operational_errors(), Session(self.engine, info=self._info()) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is the only writer; rolled back if an exception leaves it.

        Raises AnnotationError if the database is busy or cannot be reached.
        """
        engine = self.engine.execution_options(writes=True)
        with _operational_errors(), Session(engine, info=self._info()) as session, session.begin():
            yield session

    def _info(self) -> dict[str, str]:
        return {"person": "" if _acts_itself.get() else self.person()}


@contextmanager
def _operational_errors() -> Iterator[None]:
    """Turns them into AnnotationErrors: locked for too long, disk full, server gone, an id of 20 digits."""
    try:
        yield
    except OperationalError as error:
        reason = " ".join(str(error.orig).split()).rstrip(".")
        message = tr("The database cannot be used now ({reason}); nothing was changed.", reason=reason)
        raise AnnotationError(message) from error
    except (OverflowError, DataError) as error:  # of SQLite, of PostgreSQL
        raise AnnotationError(tr("A number is too large for the database; nothing was changed.")) from error


def space_storage() -> Path | None:
    """The folder of a Hugging Face Space that outlives restarts; None elsewhere, and without such storage."""
    return SPACE_DATA if "SPACE_ID" in os.environ and os.access(SPACE_DATA, os.W_OK) else None


def user_url() -> str:
    """URL of an SQLite file in the user's data folder of this system, which is created.

    Raises AnnotationError.
    """
    if space := space_storage():
        home = space
    elif sys.platform == "win32":
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
            f"The folder {folder} cannot be created ({error.strerror}); choose a database with --database."
        ) from error
    return URL.create("sqlite", database=str(folder / "annotation.db")).render_as_string()


def app_url() -> str:
    """`user_url`; if that folder cannot be created, a file that lasts until this machine starts again.

    The app can then still read photos and show how that works.
    """
    try:
        return user_url()
    except AnnotationError as error:
        folder = tempfile.mkdtemp(prefix=f"{APP}-")
        print(f"{error} Until then, corrections are in {folder}, which will be deleted.", file=sys.stderr)
        return URL.create("sqlite", database=f"{folder}/annotation.db").render_as_string()


def parse_url(text: str) -> URL:
    """Raises AnnotationError, whose message does not repeat the URL: it may contain a password."""
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
    # The default driver is the one of our extra "postgresql".
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite database; None for a database server."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def open_engine(url: URL) -> Engine:
    """Connects to a database and migrates its tables. Raises AnnotationError."""
    file = sqlite_file(url)
    is_file = file is not None
    if file is not None and not file.absolute().parent.is_dir():
        raise AnnotationError("The folder of the database does not exist; create it first.")
    if file is not None:
        with suppress(OSError):  # SQLite says why
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))  # for the owner alone
    try:
        engine = create_engine(
            url,
            json_serializer=partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
            json_deserializer=from_json,  # a third of the time of json.loads
            connect_args={"timeout": BUSY_SECONDS} if is_file else {"connect_timeout": CONNECT_SECONDS},
            pool_pre_ping=not is_file,  # a server may have been restarted
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
            "The database was written by a newer version of this program; update the program."
        ) from error
    except DBAPIError as error:
        engine.dispose()
        raise AnnotationError(
            f"The database cannot be opened: {' '.join(str(error.orig).split())}."
        ) from error
    return engine


def migrate(engine: Engine) -> None:
    """Upgrades the tables to the newest revision; one process does it, others wait."""
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
    connection.isolation_level = None  # transactions begin in _begin_in_file, not where the driver decides
    # FULL: a saved edit survives a power failure, not only the end of the process.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_in_file(connection) -> None:
    """A writer takes the lock at once: two that read first and write later would fail instead of waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _begin_on_server(connection) -> None:
    """The same on PostgreSQL: one writer at a time, and a reader sees a consistent snapshot."""
    if _writes(connection):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _writes(connection) -> bool:
    return connection.get_execution_options().get("writes", False)
