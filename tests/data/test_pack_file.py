"""Pack files: unpacked once, and refused when they are damaged or unsafe."""

from __future__ import annotations

import hashlib
import json
import random
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spotter.data import pack_file
from spotter.data.pack_file import unpack

pytestmark = pytest.mark.usefixtures("pack_cache")


def contents(packed: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(packed) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(packed: Path, out: Path, change, sums: bool = True) -> Path:
    """The pack with changed files; `sums`: its manifest agrees with them."""
    files = change(contents(packed))
    manifest = json.loads(files.get("manifest.json", b"{}"))
    if sums and "manifest.json" in files:
        manifest["files"] = {
            n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != "manifest.json"
        }
        files["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out


def test_a_pack_is_unpacked_once(packed, pack_cache):
    folder = unpack(str(packed))
    assert folder == pack_cache / hashlib.sha256(packed.read_bytes()).hexdigest()
    (folder / "words" / "train.json").unlink()  # files already there are used unchecked
    unpack.cache_clear()
    assert unpack(str(packed)) == folder
    assert not (folder / "words" / "train.json").exists()
    assert list(pack_cache.iterdir()) == [folder]


def test_processes_that_unpack_at_once_do_not_disturb_each_other(packed, pack_cache):
    folder = pack_cache / hashlib.sha256(packed.read_bytes()).hexdigest()
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: pack_file._extract(packed, folder), range(4)))
    assert found == {folder}
    assert list(pack_cache.iterdir()) == [folder]
    assert (folder / "manifest.json").is_file()


def test_without_a_cache_the_pack_is_unpacked_next_to_itself_or_in_a_temporary_folder(
    packed, tmp_path, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    copy = tmp_path / "copy.zip"
    copy.write_bytes(packed.read_bytes())
    assert tmp_path in unpack(str(copy)).parents
    unpack.cache_clear()
    monkeypatch.setattr(pack_file, "_cache_folders", lambda _: [tmp_path / "file"])
    folder = unpack(str(copy))
    assert tmp_path not in folder.parents
    assert (folder / "manifest.json").is_file()


@pytest.mark.parametrize(
    "name",
    [
        "/evil.txt",
        "../evil.txt",
        "words/../../evil.txt",
        "a\\..\\evil.txt",
        "C:evil.txt",
        "a//evil.txt",
        "evil/",
    ],
)
def test_files_outside_of_the_pack_are_refused(packed, tmp_path, name, pack_cache):
    bad = rewritten(packed, tmp_path / "bad.zip", lambda files: files | {name: b"evil"})
    with pytest.raises(ValueError, match="is not a file inside the pack"):
        unpack(str(bad))
    assert not list(tmp_path.rglob("*evil*"))
    assert not list(pack_cache.iterdir())


def test_links_are_refused(packed, tmp_path):
    bad = rewritten(packed, tmp_path / "bad.zip", lambda files: files)
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(bad, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ValueError, match="'link' is not a file inside the pack"):
        unpack(str(bad))


def changed_manifest(**fields):
    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        return files | {"manifest.json": json.dumps(json.loads(files["manifest.json"]) | fields).encode()}

    return change


@pytest.mark.parametrize(
    ("change", "sums", "message"),
    [
        (lambda files: files | {"more.txt": b""}, False, "not those of its manifest"),
        (
            lambda files: {n: c for n, c in files.items() if n != "words/train.json"},
            False,
            "not those of its",
        ),
        (lambda files: files | {"words/train.json": b"{}"}, False, "words/train.json has a wrong checksum"),
        (lambda files: files | {"words": b""}, True, "lies in a file"),
        (lambda files: {n: c for n, c in files.items() if n != "manifest.json"}, False, "not a pack"),
        (lambda files: {}, False, "not a pack"),
        (lambda files: files | {"manifest.json": b"[1, 2]"}, False, "not a pack"),
        (changed_manifest(format=2), True, "its format is 2"),
        (changed_manifest(parts=[{"name": "data/../.."}]), True, "manifest is damaged"),
        (changed_manifest(files=None), False, "not a pack"),
    ],
)
def test_packs_that_do_not_agree_with_their_manifest(packed, tmp_path, pack_cache, change, sums, message):
    bad = rewritten(packed, tmp_path / "bad.zip", change, sums)
    with pytest.raises(ValueError, match=message):
        unpack(str(bad))
    assert not list(pack_cache.iterdir())


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILES", 3), ("MAX_BYTES", 1000)])
def test_packs_that_are_too_large(packed, monkeypatch, limit, value):
    monkeypatch.setattr(pack_file, limit, value)
    with pytest.raises(ValueError, match="it is too large"):
        unpack(str(packed))


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip file" * 100])
def test_files_that_are_not_packs(tmp_path, content):
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(ValueError, match="is not a pack of training data, or damaged"):
        unpack(str(tmp_path / "bad.zip"))


def test_no_damaged_pack_is_read_as_another_one(packed, tmp_path):
    whole, expected, refused = packed.read_bytes(), contents(packed), 0
    rng = random.Random(0)
    for attempt in range(40):
        damaged = bytearray(whole)
        if attempt % 4:
            damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        else:
            del damaged[rng.randrange(len(whole)) :]
        bad = tmp_path / "bad.zip"
        bad.write_bytes(damaged)
        try:
            found = dict(pack_file._checked_files(bad))
        except ValueError:
            refused += 1
        else:
            assert found == expected
    assert refused >= 20
