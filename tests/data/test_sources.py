"""Sources: a pack gives what the folders give, in every process, and a damaged one is refused."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import stat
import subprocess
import sys
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("wordfreq", reason="words of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("faker", reason="names of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("fontTools", reason="subsets of fonts: pip install -r requirements-train.txt")

from spotter.data import sources as sources_module
from spotter.data.icdar import write_ground_truth
from spotter.data.sources import Sources, data_name, unpack
from spotter.data.synth.fonts import _installed_families, installed_families, installed_fonts
from spotter.data.synth.scene import MIXED, SceneGenerator
from spotter.data.synth.vocabulary import Vocabulary, WordLists, installed_vocabulary
from spotter.training import pack as pack_module
from spotter.types import GroundTruth

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)
STYLE = replace(MIXED, height=200, width=200)
RENDER = """
import sys
for name in ("shapely", "wordfreq", "faker", "fontTools", "brotli", "gradio", "pandas", "sqlalchemy"):
    sys.modules[name] = None  # as if it were not installed
import zlib
import spotter.training.__main__, spotter.training.criterion
from dataclasses import replace
from spotter.data.sources import Sources
from spotter.data.synth.scene import MIXED, SceneGenerator
s = Sources(pack=sys.argv[1])
generator = SceneGenerator(
    replace(MIXED, height=200, width=200), "train", s.get_fonts(), s.get_vocabulary(), s.get_backgrounds()
)
print([zlib.crc32(generator.render(seed).image) for seed in range(6)], len(s.get_photographs()["icdar2015"]))
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """A cache of the user for each test, and none of the process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    forget()
    yield tmp_path / "cache" / "swintextspotter" / "packs"
    forget()


def forget() -> None:
    for name in ("unpack", "_samples", "_backgrounds", "_packed_words", "_packed_fonts"):
        getattr(sources_module, name).cache_clear()


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Sources:
    """Two data sets and 30 backgrounds, in folders."""
    root = tmp_path_factory.mktemp("folders")
    noise = np.random.default_rng(0)
    for folder, count in ((root / "icdar2015" / "train", 3), (root / "mine", 1)):
        for part in ("images", "gt"):
            (folder / part).mkdir(parents=True)
        for i in range(count):
            cv2.imwrite(str(folder / f"images/img_{i}.png"), noise.integers(0, 256, (64, 96, 3), np.uint8))
            corners = np.array([[8, 8], [40 + i, 8], [40, 24], [8, 24]], np.float32)
            write_ground_truth(folder / f"gt/gt_img_{i}.txt", [GroundTruth(corners, f"word{i}")])
    (root / "backgrounds").mkdir()
    for i in range(30):
        image = cv2.resize(noise.integers(0, 256, (5, 8, 3), np.uint8), (320, 200))
        cv2.imwrite(str(root / "backgrounds" / f"{i}.png"), image)
    return Sources(str(root / "backgrounds"), (str(root / "mine"), str(root / "icdar2015" / "train")))


@pytest.fixture(scope="module")
def pack(folders, tmp_path_factory) -> Path:
    """The folders as a pack, with three families of fonts per split."""
    out = tmp_path_factory.mktemp("pack") / "pack.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pack_module, "installed_families", lambda split, more=None: installed_families(split, more)[:3]
        )
        pack_module.pack(out, 10**7, folders.data, folders.backgrounds)
    return out


def test_sources_of_nothing():
    sources = Sources()
    assert sources.get_photographs() == {}
    assert sources.get_backgrounds().paths == []
    assert sources.get_fonts("held_out") is installed_fonts("held_out")
    assert sources.get_vocabulary() is installed_vocabulary("train")
    assert sources == pickle.loads(pickle.dumps(sources))


def test_folders(folders):
    found = folders.get_photographs()
    assert {name: len(some) for name, some in found.items()} == {"mine": 1, "icdar2015": 3}
    paths = [set(folders.get_backgrounds(split).paths) for split in ("train", "held_out")]
    assert not paths[0] & paths[1]
    assert len(paths[0] | paths[1]) == 30
    assert folders.get_backgrounds() is folders.get_backgrounds("train")


@pytest.mark.parametrize(
    ("folder", "name"), [("a/icdar2015/train", "icdar2015"), ("a/b", "b"), ("a/val/", "val")]
)
def test_names_of_data_sets(folder, name):
    assert data_name(folder) == name


def test_a_pack_and_a_folder_are_not_given_together(folders):
    for other in ({"backgrounds": "a"}, {"data": ("a",)}, {"fonts": "a"}):
        with pytest.raises(ValueError, match="give one or the other"):
            Sources(pack="pack.zip", **other)


def test_wrong_folders_and_files(folders, tmp_path):
    with pytest.raises(ValueError, match="has no folder images/"):
        Sources(data=(str(tmp_path),)).get_photographs()
    with pytest.raises(ValueError, match="are both named"):
        Sources(data=folders.data * 2).get_photographs()
    with pytest.raises(FileNotFoundError, match="no photograph of the held_out split"):
        Sources(backgrounds=str(tmp_path)).get_backgrounds("held_out")
    with pytest.raises(ValueError, match="holds no font"):
        Sources(fonts=str(tmp_path)).get_fonts()
    for name in ("none.zip", ""):
        with pytest.raises(FileNotFoundError, match="There is no pack"):
            Sources(pack=str(tmp_path / name)).get_vocabulary()


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_a_pack_gives_what_the_folders_give(pack, folders, split):
    sources = Sources(pack=str(pack))
    packed = [[(f.family, f.kind) for f in faces] for faces in sources.get_fonts(split).families]
    assert packed == [[(f.family, f.kind) for f in faces] for faces in installed_fonts(split).families[:3]]
    assert all(Path(f.path).is_file() for faces in sources.get_fonts(split).families for f in faces)
    one, other = sources.get_vocabulary(split), installed_vocabulary(split)
    for name in ("common", "foreign", "names", "long"):
        assert getattr(one, name) == getattr(other, name)
    draws = [[w.sample(random.Random(seed)) for seed in range(500)] for w in (one, other)]
    assert draws[0] == draws[1]
    stems = [[p.stem for p in s.get_backgrounds(split).paths] for s in (sources, folders)]
    assert stems[0] == stems[1] != []


def test_photographs_of_a_pack_are_those_of_the_folders(pack, folders):
    found, expected = Sources(pack=str(pack)).get_photographs(), folders.get_photographs()
    assert list(found) == list(expected)  # in the order given
    for name, some in found.items():
        for sample, other in zip(some, expected[name], strict=True):
            assert sample.image.stem == other.image.stem
            assert [r.text for r in sample.regions] == [r.text for r in other.regions]
            assert np.array_equal(sample.regions[0].polygon, other.regions[0].polygon)


def test_a_pack_without_photographs(tmp_path, pack):
    bare = rewritten(pack, tmp_path / "bare.zip", lambda files: without(files, "backgrounds/", "data/"))
    assert Sources(pack=str(bare)).get_backgrounds("held_out").paths == []
    assert Sources(pack=str(bare)).get_photographs() == {}
    half = rewritten(pack, tmp_path / "half.zip", lambda files: without(files, "backgrounds/held_out/"))
    assert Sources(pack=str(half)).get_backgrounds().paths
    with pytest.raises(FileNotFoundError, match="no background of the held_out split"):
        Sources(pack=str(half)).get_backgrounds("held_out")


def test_every_process_renders_the_same_scene_without_the_packages_of_the_installed_sources(pack, tmp_path):
    """Each process has its own PYTHONHASHSEED and unpacks the pack into its own folder."""

    def run(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(tmp_path / seed)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        command = [sys.executable, "-c", RENDER, str(pack)]
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout

    with ThreadPoolExecutor() as threads:
        printed = list(threads.map(run, ("1", "2")))
    sources = Sources(pack=str(pack))
    generator = SceneGenerator(
        STYLE, "train", sources.get_fonts(), sources.get_vocabulary(), sources.get_backgrounds()
    )
    sums = [zlib.crc32(generator.render(seed).image) for seed in range(6)]
    assert printed[0] == printed[1] == f"{sums} 3\n"
    assert len(set(sums)) == 6


def test_a_pack_is_unpacked_once(pack, cache):
    folder = unpack(str(pack))
    assert folder == cache / hashlib.sha256(pack.read_bytes()).hexdigest()
    (folder / "words" / "train.json").unlink()  # what is there is used as it is
    forget()
    assert unpack(str(pack)) == folder
    assert not (folder / "words" / "train.json").exists()
    assert list(cache.iterdir()) == [folder]


def test_processes_that_unpack_at_once_do_not_disturb_each_other(pack, cache):
    folder = cache / hashlib.sha256(pack.read_bytes()).hexdigest()
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: sources_module._extract(pack, folder), range(4)))
    assert found == {folder}
    assert list(cache.iterdir()) == [folder]
    assert (folder / "manifest.json").is_file()


def test_without_a_cache_the_pack_is_unpacked_next_to_itself_or_in_a_temporary_folder(
    pack, tmp_path, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    copy = tmp_path / "copy.zip"
    copy.write_bytes(pack.read_bytes())
    assert tmp_path in unpack(str(copy)).parents
    forget()
    monkeypatch.setattr(sources_module, "_places", lambda _: [tmp_path / "file"])
    folder = unpack(str(copy))
    assert tmp_path not in folder.parents
    assert (folder / "manifest.json").is_file()


def contents(pack: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without(files: dict[str, bytes], *starts: str) -> dict[str, bytes]:
    manifest = json.loads(files["manifest.json"])
    manifest["parts"] = [p for p in manifest["parts"] if not f"{p['name']}/".startswith(starts)]
    return {
        name: content for name, content in files.items() if not name.startswith((*starts, "manifest"))
    } | {"manifest.json": json.dumps(manifest).encode()}


def rewritten(pack: Path, out: Path, change, sums: bool = True) -> Path:
    """The pack with changed files; `sums`: its manifest agrees with them."""
    files = change(contents(pack))
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
def test_files_outside_of_the_pack_are_refused(pack, tmp_path, name, cache):
    bad = rewritten(pack, tmp_path / "bad.zip", lambda files: files | {name: b"evil"})
    with pytest.raises(ValueError, match="is not a file inside of the pack"):
        unpack(str(bad))
    assert not list(tmp_path.rglob("*evil*"))
    assert not list(cache.iterdir())


def test_links_are_refused(pack, tmp_path):
    bad = rewritten(pack, tmp_path / "bad.zip", lambda files: files)
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(bad, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ValueError, match="'link' is not a file inside of the pack"):
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
def test_packs_that_do_not_agree_with_their_manifest(pack, tmp_path, cache, change, sums, message):
    bad = rewritten(pack, tmp_path / "bad.zip", change, sums)
    with pytest.raises(ValueError, match=message):
        unpack(str(bad))
    assert not list(cache.iterdir())


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILES", 3), ("MAX_BYTES", 1000)])
def test_packs_that_are_too_large(pack, monkeypatch, limit, value):
    monkeypatch.setattr(sources_module, limit, value)
    with pytest.raises(ValueError, match="it is too large"):
        unpack(str(pack))


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip file" * 100])
def test_what_is_no_pack(tmp_path, content):
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(ValueError, match="is not a pack of training data, or damaged"):
        Sources(pack=str(tmp_path / "bad.zip")).get_fonts()


def test_a_pack_that_is_cut_short_or_has_a_wrong_byte_is_refused_or_unharmed(pack, tmp_path):
    whole, expected, refused = pack.read_bytes(), contents(pack), 0
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
            found = dict(sources_module._checked_files(bad))
        except ValueError:
            refused += 1
        else:
            assert found == expected
    assert refused >= 20


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("fonts.json", b"{}", "fonts of the train split .* are damaged"),
        ("fonts.json", b'{"train": []}', "lacks fonts"),
        ("fonts.json", b'{"train": [[{"family": "a", "kind": "b", "file": "../a.ttf"}]]}', "are damaged"),
        ("words/train.json", b"{}", "words of the train split .* are damaged"),
        ("words/train.json", b'{"common": [], "frequencies": [], "foreign": [], "names": []}', "are damaged"),
        ("data/mine/gt/gt_img_0.txt", b"oops", "line 1"),
    ],
)
def test_files_of_another_form_are_refused(pack, tmp_path, name, content, message):
    sources = Sources(pack=str(rewritten(pack, tmp_path / "bad.zip", lambda files: files | {name: content})))
    with pytest.raises(ValueError, match=message):  # noqa: PT012
        sources.get_fonts()
        sources.get_vocabulary()
        sources.get_photographs()


def test_word_lists_keep_every_digit():
    lists = WordLists(("a", "extraordinary"), (0.1 + 0.2, 1e-9), ("und",), ("Ann",))
    again = WordLists.from_json(lists.to_json())
    assert again == lists
    draws = [
        [Vocabulary("train", some)._word(random.Random(seed)) for seed in range(50)] for some in (lists, again)
    ]
    assert draws[0] == draws[1]
    assert set(draws[0]) == {"a", "extraordinary", "und"}


@pytest.mark.parametrize(
    "change",
    [
        {"frequencies": [0.1]},
        {"frequencies": [0.1, -0.1]},
        {"frequencies": [0, 0]},
        {"frequencies": ["0.1", "0.2"]},
        {"names": []},
        {"names": [1]},
        {"common": None},
        {"more": []},
    ],
)
def test_word_lists_of_another_form(change):
    fields = {"common": ["a", "b"], "frequencies": [0.2, 0.1], "foreign": [], "names": ["Ann"]}
    assert WordLists.from_json(json.dumps(fields)).foreign == ()
    with pytest.raises(ValueError, match="word lists are damaged"):
        WordLists.from_json(json.dumps(fields | change))
    for text in ("", "[]", "1"):
        with pytest.raises(ValueError, match="word lists are damaged"):
            WordLists.from_json(text)
