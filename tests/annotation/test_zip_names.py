"""Names in zip archives in the encodings of different Windows."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from annotation.zip_names import decode_names


def pack(path: Path, names: list[bytes], text: str = "") -> Path:
    """An archive with these names as they are, without the flag for UTF-8."""
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(len(names)):
            archive.writestr(f"{i}".rjust(len(names[i]), "_"), "")
        if text:
            archive.writestr("Label.txt", text)
    data = path.read_bytes()
    for i, name in enumerate(names):
        data = data.replace(f"{i}".rjust(len(name), "_").encode(), name)
    path.write_bytes(data)
    return path


def decoded(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        decode_names(archive)
        assert [archive.read(entry) for entry in archive.infolist() if entry.filename != "Label.txt"]
        return [entry.filename for entry in archive.infolist() if entry.filename != "Label.txt"]


def test_no_names_and_plain_ones(tmp_path):
    assert decoded(pack(tmp_path / "a.zip", [b"IMG 1.jpg"])) == ["IMG 1.jpg"]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        decode_names(archive)


def test_names_with_the_flag_are_kept(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("店面.jpg", "")
    assert decoded(tmp_path / "a.zip") == ["店面.jpg"]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("店面/招牌1.jpg", "gbk"),
        ("看板の写真.jpg", "cp932"),
        ("Müller é.jpg", "utf-8"),
        ("Köln.jpg", "cp437"),
    ],
)
def test_names_are_recognised_by_themselves(tmp_path, name, encoding):
    assert decoded(pack(tmp_path / "a.zip", [name.encode(encoding), b"b.jpg"])) == [name, "b.jpg"]


@pytest.mark.parametrize("write", [str, json.dumps, quote])
@pytest.mark.parametrize(
    ("name", "encoding"),
    [("店面.jpg", "gbk"), ("看板.jpg", "cp932"), ("Größe é.jpg", "cp1252"), ("Ärger.jpg", "cp850")],
)
def test_names_are_recognised_by_the_annotations(tmp_path, name, encoding, write):
    path = pack(tmp_path / "a.zip", [f"x/{name}".encode(encoding)], write(name) + "\t[]")
    assert decoded(path) == [f"x/{name}"]
