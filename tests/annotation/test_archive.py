"""Zip archives of annotations, untrusted ones included."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from annotation.archive import pack, unpack
from annotation.formats import FormatError


def write_zip(path: Path, **files: bytes) -> Path:
    """The names have _ for a dot."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return path


def test_a_packed_folder_is_unpacked_again(tmp_path):
    (tmp_path / "in/images").mkdir(parents=True)
    (tmp_path / "in/images/a.jpg").write_bytes(b"image")
    (tmp_path / "in/tasks.json").write_text("[]")
    pack(tmp_path / "in", tmp_path / "in.zip")
    folder = unpack(tmp_path / "in.zip", tmp_path / "out")
    assert folder == tmp_path / "out"
    assert (folder / "images/a.jpg").read_bytes() == b"image"
    assert (folder / "tasks.json").read_text() == "[]"


def test_the_innermost_folder_is_returned(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name in ("signs/gt/a.txt", "signs/b.txt", "__MACOSX/signs/._b.txt", "signs/.hidden"):
            archive.writestr(name, "x")
    folder = unpack(tmp_path / "in.zip", tmp_path / "out")
    assert folder == tmp_path / "out/signs"
    assert sorted(path.name for path in folder.rglob("*")) == ["a.txt", "b.txt", "gt"]


@pytest.mark.parametrize("name", ["../out.json", "/etc/out.json", "C:\\out.json", "a/../../out.json"])
def test_names_outside_the_folder_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(FormatError, match="points outside it"):
        unpack(tmp_path / "in.zip", tmp_path / "folder")
    assert not (tmp_path / "out.json").exists()


def test_a_damaged_archive_is_refused(tmp_path):
    (tmp_path / "in.zip").write_bytes(b"no archive")
    with pytest.raises(FormatError, match="damaged"):
        unpack(tmp_path / "in.zip", tmp_path / "folder")


def test_limits(tmp_path, monkeypatch):
    path = write_zip(tmp_path / "in.zip", a_json=bytes(2**17), b_json=b"")
    monkeypatch.setattr("annotation.archive.MAX_ANNOTATIONS", 2**16)
    with pytest.raises(FormatError, match="more than 2 GB of images or 0 MB of annotations"):
        unpack(path, tmp_path / "folder")
    images = write_zip(tmp_path / "images.zip", a_jpg=bytes(2**15), b_png=bytes(2**16), c_json=bytes(2**16))
    unpack(images, tmp_path / "images")
    monkeypatch.setattr("annotation.archive.MAX_TOTAL", 2**16)
    with pytest.raises(FormatError, match="more than 0 GB of images"):
        unpack(images, tmp_path / "folder")
    monkeypatch.setattr("annotation.archive.MAX_ENTRIES", 1)
    with pytest.raises(FormatError, match="more than 1 files"):
        unpack(path, tmp_path / "folder")


def test_a_bomb_is_refused_before_it_is_large(tmp_path):
    path = write_zip(tmp_path / "in.zip", tasks_json=b"[" + b" " * 40 * 2**20 + b"]")
    assert path.stat().st_size < 100_000
    with pytest.raises(FormatError, match="only a zip bomb is"):
        unpack(path, tmp_path / "folder")
    assert (tmp_path / "folder/tasks.json").stat().st_size < 8 * 2**20
