"""Where the database is."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError
from annotation.store.database import parse_url, user_url


def test_the_default_database_is_private_to_the_user(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = parse_url(user_url()).database
    assert path == str(tmp_path / "data/swintextspotter/annotation.db")
    assert (tmp_path / "data/swintextspotter").stat().st_mode & 0o077 == 0
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(AnnotationError, match="cannot be made"):
        user_url()
