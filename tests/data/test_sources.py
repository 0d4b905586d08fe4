"""Sources: a pack gives what the folders give, in every process."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("wordfreq", reason="words of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("faker", reason="names of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("fontTools", reason="subsets of fonts: pip install -r requirements-train.txt")

from spotter.data import sources as sources_module
from spotter.data.sources import Sources, data_name
from spotter.data.synth.fonts import _installed_families, installed_fonts
from spotter.data.synth.scene import SceneGenerator
from spotter.data.synth.style import MIXED
from spotter.data.synth.vocabulary import installed_vocabulary
from tests.data.test_pack_file import rewritten

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
from spotter.data.synth.scene import SceneGenerator
from spotter.data.synth.style import MIXED
s = Sources(pack=sys.argv[1])
generator = SceneGenerator(
    replace(MIXED, height=200, width=200), "train", s.get_fonts(), s.get_vocabulary(), s.get_backgrounds()
)
print([zlib.crc32(generator.render(seed).image) for seed in range(6)], len(s.get_photographs()["icdar2015"]))
"""


@pytest.fixture(autouse=True)
def empty_caches(pack_cache):
    """Neither the user's cache nor those of the process hold anything."""
    for name in ("_photographs", "_backgrounds", "_packed_vocabulary", "_packed_fonts"):
        getattr(sources_module, name).cache_clear()


def test_sources_of_nothing():
    sources = Sources()
    assert sources.get_photographs() == {}
    assert sources.get_backgrounds().paths == []
    assert sources.get_fonts("held_out") is installed_fonts("held_out")
    assert sources.get_vocabulary() is installed_vocabulary("train")
    assert sources == pickle.loads(pickle.dumps(sources))


def test_folders(source_folders):
    found = source_folders.get_photographs()
    assert {name: len(some) for name, some in found.items()} == {"mine": 1, "icdar2015": 3}
    paths = [set(source_folders.get_backgrounds(split).paths) for split in ("train", "held_out")]
    assert not paths[0] & paths[1]
    assert len(paths[0] | paths[1]) == 30
    assert source_folders.get_backgrounds() is source_folders.get_backgrounds("train")


@pytest.mark.parametrize(
    ("folder", "name"), [("a/icdar2015/train", "icdar2015"), ("a/b", "b"), ("a/val/", "val")]
)
def test_names_of_data_sets(folder, name):
    assert data_name(folder) == name


def test_a_pack_and_a_folder_are_not_given_together(source_folders):
    for other in ({"backgrounds": "a"}, {"data": ("a",)}, {"fonts": "a"}):
        with pytest.raises(ValueError, match="give one or the other"):
            Sources(pack="pack.zip", **other)


def test_wrong_folders_and_files(source_folders, tmp_path):
    with pytest.raises(ValueError, match="has no folder images/"):
        Sources(data=(str(tmp_path),)).get_photographs()
    with pytest.raises(ValueError, match="are both named"):
        Sources(data=source_folders.data * 2).get_photographs()
    with pytest.raises(FileNotFoundError, match="no photograph of the held_out split"):
        Sources(backgrounds=str(tmp_path)).get_backgrounds("held_out")
    with pytest.raises(ValueError, match="holds no font"):
        Sources(fonts=str(tmp_path)).get_fonts()
    for name in ("none.zip", ""):
        with pytest.raises(FileNotFoundError, match="There is no pack"):
            Sources(pack=str(tmp_path / name)).get_vocabulary()


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_a_pack_gives_what_the_folders_give(packed, source_folders, split):
    sources = Sources(pack=str(packed))
    packed = [[(f.family, f.kind) for f in faces] for faces in sources.get_fonts(split).families]
    assert packed == [[(f.family, f.kind) for f in faces] for faces in installed_fonts(split).families[:3]]
    assert all(Path(f.path).is_file() for faces in sources.get_fonts(split).families for f in faces)
    one, other = sources.get_vocabulary(split), installed_vocabulary(split)
    for name in ("common", "foreign", "names", "long"):
        assert getattr(one, name) == getattr(other, name)
    draws = [[w.sample(random.Random(seed)) for seed in range(500)] for w in (one, other)]
    assert draws[0] == draws[1]
    stems = [[p.stem for p in s.get_backgrounds(split).paths] for s in (sources, source_folders)]
    assert stems[0] == stems[1] != []


def test_photographs_of_a_pack_are_those_of_the_folders(packed, source_folders):
    found, expected = Sources(pack=str(packed)).get_photographs(), source_folders.get_photographs()
    assert list(found) == list(expected)  # in the order given
    for name, some in found.items():
        for sample, other in zip(some, expected[name], strict=True):
            assert sample.image.stem == other.image.stem
            assert [r.text for r in sample.regions] == [r.text for r in other.regions]
            assert np.array_equal(sample.regions[0].polygon, other.regions[0].polygon)


def without(files: dict[str, bytes], *starts: str) -> dict[str, bytes]:
    manifest = json.loads(files["manifest.json"])
    manifest["parts"] = [p for p in manifest["parts"] if not f"{p['name']}/".startswith(starts)]
    return {
        name: content for name, content in files.items() if not name.startswith((*starts, "manifest"))
    } | {"manifest.json": json.dumps(manifest).encode()}


def test_a_pack_without_photographs(tmp_path, packed):
    bare = rewritten(packed, tmp_path / "bare.zip", lambda files: without(files, "backgrounds/", "data/"))
    assert Sources(pack=str(bare)).get_backgrounds("held_out").paths == []
    assert Sources(pack=str(bare)).get_photographs() == {}
    half = rewritten(packed, tmp_path / "half.zip", lambda files: without(files, "backgrounds/held_out/"))
    assert Sources(pack=str(half)).get_backgrounds().paths
    with pytest.raises(FileNotFoundError, match="no background of the held_out split"):
        Sources(pack=str(half)).get_backgrounds("held_out")


def test_every_process_renders_the_same_scene_without_the_packages_of_the_installed_sources(packed, tmp_path):
    """Each process has its own PYTHONHASHSEED and unpacks the pack into its own folder."""

    def run(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(tmp_path / seed)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        command = [sys.executable, "-c", RENDER, str(packed)]
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout

    with ThreadPoolExecutor() as threads:
        printed = list(threads.map(run, ("1", "2")))
    sources = Sources(pack=str(packed))
    generator = SceneGenerator(
        STYLE, "train", sources.get_fonts(), sources.get_vocabulary(), sources.get_backgrounds()
    )
    sums = [zlib.crc32(generator.render(seed).image) for seed in range(6)]
    assert printed[0] == printed[1] == f"{sums} 3\n"
    assert len(set(sums)) == 6


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
def test_files_of_another_form_are_refused(packed, tmp_path, name, content, message):
    sources = Sources(
        pack=str(rewritten(packed, tmp_path / "bad.zip", lambda files: files | {name: content}))
    )
    with pytest.raises(ValueError, match=message):  # noqa: PT012
        sources.get_fonts()
        sources.get_vocabulary()
        sources.get_photographs()
