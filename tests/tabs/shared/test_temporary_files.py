"""The folder of temporary files."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from spotter.tabs.shared.temporary_files import (
    KEPT_SECONDS,
    UNFINISHED_SECONDS,
    VARIABLE,
    size,
    sweep,
    sweep_hourly,
    use_own_folder,
)

NOW = 2e9


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def put(path: Path, age: float, data: bytes = b"12345") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    for place in (path, path.parent):
        os.utime(place, (NOW - age, NOW - age))
    return path


def test_the_folder_is_for_its_owner_alone(temporary, monkeypatch):
    folder = use_own_folder()
    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    monkeypatch.delenv(VARIABLE)
    assert use_own_folder() == folder


def test_a_folder_of_somebody_else_is_not_used(temporary, monkeypatch):
    folder = use_own_folder()
    monkeypatch.delenv(VARIABLE)
    folder.chmod(0o755)
    assert use_own_folder() != folder
    folder.rmdir()
    monkeypatch.delenv(VARIABLE)
    folder.symlink_to(temporary)
    other = use_own_folder()
    assert other != folder
    assert stat.S_IMODE(other.stat().st_mode) == 0o700


def test_a_folder_of_the_environment_is_used(temporary, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(temporary / "chosen"))
    assert use_own_folder() == temporary / "chosen"
    assert stat.S_IMODE((temporary / "chosen").stat().st_mode) == 0o700


def test_an_empty_and_a_missing_folder_are_swept(tmp_path):
    assert sweep(tmp_path) == sweep(tmp_path / "missing") == size(tmp_path) == size(tmp_path / "missing") == 0


def test_what_is_old_is_deleted(tmp_path):
    old = put(tmp_path / "abc" / "photo.jpg", KEPT_SECONDS + 1)
    fresh = put(tmp_path / "def" / "photo.jpg", KEPT_SECONDS - 1)
    broken = put(tmp_path / "tmp1234", UNFINISHED_SECONDS + 1)
    growing = put(tmp_path / "tmp5678", UNFINISHED_SECONDS - 1)
    assert size(tmp_path) == 20
    assert sweep(tmp_path, NOW) == 2
    assert [path.exists() for path in (old, fresh, broken, growing)] == [False, True, False, True]
    assert not old.parent.exists()


def test_a_folder_with_one_new_file_stays(tmp_path):
    put(tmp_path / "abc" / "old.jpg", KEPT_SECONDS + 1)
    put(tmp_path / "abc" / "inner" / "new.jpg", 5)
    os.utime(tmp_path / "abc", (NOW - KEPT_SECONDS - 1,) * 2)
    assert sweep(tmp_path, NOW) == 0


def test_a_link_is_deleted_but_not_what_it_leads_to(tmp_path):
    target = put(tmp_path / "elsewhere" / "photo.jpg", KEPT_SECONDS + 1)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(target.parent)
    os.utime(folder / "link", (NOW - KEPT_SECONDS - 1,) * 2, follow_symlinks=False)
    assert sweep(folder, NOW) == 1
    assert target.exists()


def test_it_is_swept_at_the_start(tmp_path):
    broken = put(tmp_path / "tmp1234", 0)
    os.utime(broken, (0, 0))
    thread = sweep_hourly(tmp_path)
    for _ in range(200):
        if not broken.exists():
            return
        thread.join(0.05)
    pytest.fail("it is still there")
