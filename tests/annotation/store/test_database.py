"""Opening and migrating the database."""

from __future__ import annotations

import io
import os
import sqlite3

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from PIL import Image
from sqlalchemy import create_engine

from annotation.region import AnnotationError
from annotation.store import database
from annotation.store.database import MIGRATIONS, app_url, parse_url, user_url
from annotation.store.store import Store
from annotation.store.tables import Base


def test_migrations_create_the_tables(store):
    def is_compared(entry, name: str, kind: str, *_: object) -> bool:
        """Alembic does not know that the index of texts is one of SQLite alone."""
        return kind != "index" or name != "ix_regions_text" or store.engine.name == "sqlite"

    with store.engine.connect() as connection:
        options = {"compare_type": False, "include_object": is_compared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() is not None


@pytest.mark.skipif("TEST_POSTGRES_URL" not in os.environ, reason="TEST_POSTGRES_URL names no PostgreSQL")
def test_the_store_is_tested_on_postgresql_too():
    assert parse_url(os.environ["TEST_POSTGRES_URL"]).get_backend_name() == "postgresql"


def test_sqlite_settings(tmp_path):
    with Store(f"sqlite:///{tmp_path}/a.db") as store, store.engine.connect() as connection:
        names = ("journal_mode", "foreign_keys", "synchronous")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert found == ["wal", 1, 2]


def test_a_database_of_the_first_revision_is_migrated(tmp_path, picture):
    url = f"sqlite:///{tmp_path}/a.db"
    with Store(url) as store:
        image = store.add_image(store.ensure_project("p"), picture(), "a.jpg")[0]
    with create_engine(url).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    with Store(url) as store:
        assert store.image(image.id) == image


@pytest.mark.parametrize(
    "url", ["", "abc", "sqlite://", "sqlite:///:memory:", "nonsense://x/y", "mysql://x/y"]
)
def test_invalid_urls(url):
    with pytest.raises(AnnotationError):
        Store(url)


def test_an_error_does_not_contain_the_password():
    with pytest.raises(AnnotationError) as caught:
        parse_url("nonsense://me:secret@host/db")
    assert "secret" not in str(caught.value)


def test_databases_that_cannot_be_opened(tmp_path):
    with pytest.raises(AnnotationError, match="folder"):
        Store(f"sqlite:///{tmp_path}/no/such/a.db")
    (tmp_path / "junk.db").write_bytes(b"no database" * 1000)
    with pytest.raises(AnnotationError, match="cannot be opened"):
        Store(f"sqlite:///{tmp_path}/junk.db")
    Store(f"sqlite:///{tmp_path}/new.db").close()
    with sqlite3.connect(tmp_path / "new.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(AnnotationError, match="newer version"):
        Store(f"sqlite:///{tmp_path}/new.db")


def test_an_unreachable_server():
    with pytest.raises(AnnotationError, match="cannot be opened") as caught:
        Store("postgresql://me:secret@127.0.0.1:1/a")
    assert "secret" not in str(caught.value)


def test_a_busy_database(tmp_path, monkeypatch):
    monkeypatch.setattr("annotation.store.database.BUSY_SECONDS", 0.1)
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        writer = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(AnnotationError, match="cannot be used now"):
            store.ensure_project("p")
        writer.close()
        assert store.projects() == []
        assert store.ensure_project("p")


@pytest.mark.parametrize("number", [2**31, 2**63, -(2**70)])
def test_a_number_that_no_database_takes(store, number):
    with pytest.raises(AnnotationError, match=r"too large for the database|no such image"):
        store.image(number)
    assert store.projects() == []


def test_the_default_database_is_private_to_the_user(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = parse_url(user_url()).database
    assert path == str(tmp_path / "data/swintextspotter/annotation.db")
    assert (tmp_path / "data/swintextspotter").stat().st_mode & 0o077 == 0
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(AnnotationError, match="cannot be created"):
        user_url()


def test_only_the_owner_can_read_what_is_stored(tmp_path):
    photo = io.BytesIO()
    Image.new("RGB", (8, 8)).save(photo, "PNG")
    previous = os.umask(0o022)
    try:
        with Store(f"sqlite:///{tmp_path}/a.db") as store:
            store.add_image(store.ensure_project("p"), photo.getvalue())
            readable = [path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o077]
    finally:
        os.umask(previous)
    assert readable == []
    assert {path.name for path in tmp_path.iterdir()} >= {"a.db", "a.images"}


def test_the_database_of_a_space_is_in_its_persistent_storage(monkeypatch, tmp_path):
    monkeypatch.setattr(database, "SPACE_DATA", tmp_path)
    monkeypatch.setenv("SPACE_ID", "a/b")
    assert user_url() == f"sqlite:///{tmp_path}/swintextspotter/annotation.db"
    monkeypatch.setattr(database, "SPACE_DATA", tmp_path / "none")  # a Space without it
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    assert user_url() == f"sqlite:///{tmp_path}/home/swintextspotter/annotation.db"


def test_the_app_works_without_a_home(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert app_url().startswith(f"sqlite:///{tmp_path}/swintextspotter-")
    assert "cannot be created" in capsys.readouterr().err
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert app_url() == user_url()
