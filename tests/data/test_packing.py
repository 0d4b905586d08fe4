"""Packs: what they hold, how they fit under a limit, and what is left out of them."""

from __future__ import annotations

import functools
import hashlib
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("wordfreq", reason="words of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("faker", reason="names of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("fontTools", reason="subsets of fonts: pip install -r requirements-train.txt")

from spotter.data import pack_fonts, pack_photographs
from spotter.data.icdar import write_ground_truth
from spotter.data.pack_file import PackError
from spotter.data.packing import make_pack
from spotter.data.synth.backgrounds import LONG_SIDE, is_held_out
from spotter.data.synth.fonts import _installed_families, installed_families, installed_fonts
from spotter.data.synth.vocabulary import WordLists
from spotter.images import read_image
from spotter.types import GroundTruth

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)
LIMIT = 40_000_000


@pytest.fixture(autouse=True, scope="module")
def few_fonts():
    """Two families per split, and word lists made once, so that packing takes a moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WordLists, "from_packages", functools.cache(WordLists.from_packages))
        patch.setattr(
            pack_fonts, "installed_families", lambda split, more=None: installed_families(split, more)[:2]
        )
        yield


def photograph(path: Path, width: int, height: int, seed: int = 0) -> None:
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def word(x: float, y: float, text: str, **fields) -> GroundTruth:
    corners = [[x, y], [x + 60, y], [x + 60, y + 30], [x, y + 30]]
    return GroundTruth(np.array(corners, np.float32), text, **fields)


def annotated(folder: Path, count: int) -> Path:
    """Photographs in ICDAR 2015 form."""
    (folder / "gt").mkdir(parents=True)
    for i in range(count):
        photograph(folder / "images" / f"img_{i}.jpg", 320, 200, i)
        regions = [word(40, 60, "word"), word(140, 60, "EUR,4,50"), word(140, 100, "", ignore=True)]
        write_ground_truth(folder / "gt" / f"gt_img_{i}.txt", regions)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return annotated(tmp_path_factory.mktemp("data") / "icdar2015" / "train", 6)


@pytest.fixture(scope="module")
def backgrounds(tmp_path_factory) -> Path:
    """30 photographs in a folder that the table of terms knows and one without folder."""
    folder = tmp_path_factory.mktemp("backgrounds")
    for i in range(30):
        photograph(folder / "houses" / f"{i}.jpg", 640, 400, i)
    photograph(folder / "alone.png", 200, 100)
    return folder


@pytest.fixture(scope="module")
def packed(data, backgrounds, tmp_path_factory) -> Path:
    """A pack of everything."""
    out = tmp_path_factory.mktemp("pack") / "pack.zip"
    make_pack(out, LIMIT, [str(data)], str(backgrounds))
    return out


def manifest(path: Path) -> dict:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("manifest.json"))


def size_without_photographs(folder: Path) -> int:
    """Bytes of a pack of fonts and words alone."""
    make_pack(folder / "fixed.zip", LIMIT)
    return (folder / "fixed.zip").stat().st_size


def test_a_pack_of_fonts_and_words_alone(tmp_path):
    out = tmp_path / "pack.zip"
    lines = make_pack(out, LIMIT)
    assert [line.split(":")[0] for line in lines] == ["fonts", "words", str(out)]
    assert hashlib.sha256(out.read_bytes()).hexdigest() in lines[-1]
    assert list(tmp_path.iterdir()) == [out]
    assert [part["name"] for part in manifest(out)["parts"]] == ["fonts", "words"]


def test_the_manifest_names_every_file_with_its_checksum_and_its_terms(packed, backgrounds):
    found = manifest(packed)
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert set(names) == {*found["files"], "manifest.json"}
        for name, checksum in found["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == checksum
    parts = {part["name"]: part for part in found["parts"]}
    assert {name: part["files"] for name, part in parts.items() if name != "fonts"} == {
        "words": 2,
        "backgrounds": 31,
        "data/icdar2015": 12,
    }
    assert parts["data/icdar2015"]["terms"].startswith("CC BY 4.0")
    assert parts["backgrounds"]["terms"]["houses"].startswith("citation requested")
    assert parts["backgrounds"]["terms"][backgrounds.name] == "not stated"
    assert parts["words"]["terms"]["wordfreq"].startswith("Apache-2.0")
    families = {
        faces[0].family for split in ("train", "held_out") for faces in installed_fonts(split).families
    }
    assert set(parts["fonts"]["terms"]) <= families
    assert set(parts["fonts"]["terms"].values()) <= {"OFL-1.1", "Apache-2.0"}


def test_the_same_inputs_give_the_same_bytes(packed, data, backgrounds, tmp_path):
    again = tmp_path / "again.zip"
    make_pack(again, LIMIT, [str(data)], str(backgrounds))
    assert again.read_bytes() == packed.read_bytes()


def test_backgrounds_stay_in_their_split_and_are_stored_at_the_size_that_is_used(packed, backgrounds):
    with zipfile.ZipFile(packed) as archive:
        names = [name for name in archive.namelist() if name.startswith("backgrounds/")]
        sizes = {max(read_image(archive.read(name)).shape) for name in names}
    assert sizes == {LONG_SIDE, 200}
    expected = set()
    for path in backgrounds.rglob("*.*"):
        split = "held_out" if is_held_out(path.name) else "train"
        expected.add(f"backgrounds/{split}/{path.relative_to(backgrounds).with_suffix('.webp')}")
    assert set(names) == expected
    assert {name.split("/")[1] for name in names} == {"train", "held_out"}


def test_photographs_that_fit_keep_their_size_and_truth(packed, data):
    with zipfile.ZipFile(packed) as archive:
        for i in range(6):
            image = read_image(archive.read(f"data/icdar2015/images/img_{i}.webp"))
            original = read_image(data / "images" / f"img_{i}.jpg")
            assert image.shape == original.shape
            assert np.abs(image.astype(int) - original).mean() < 4
            truth = archive.read(f"data/icdar2015/gt/gt_img_{i}.txt")
            assert truth == (data / "gt" / f"gt_img_{i}.txt").read_bytes()


def test_a_smaller_limit_lowers_the_quality(packed, data, backgrounds, tmp_path):
    limit = (size_without_photographs(tmp_path) + packed.stat().st_size) // 2
    out = tmp_path / "small.zip"
    make_pack(out, limit, [str(data)], str(backgrounds))
    assert out.stat().st_size <= limit
    qualities = [int(manifest(path)["photographs"].split()[2]) for path in (packed, out)]
    assert qualities[0] == 95
    assert 35 <= qualities[1] < 95


@pytest.mark.parametrize("photographs", [False, True])
def test_a_limit_that_is_too_small(photographs, data, tmp_path):
    fixed = size_without_photographs(tmp_path)
    limit, folders = (fixed + 1000, [str(data)]) if photographs else (fixed - 1000, [])
    out = tmp_path / "pack.zip"
    with pytest.raises(PackError, match="does not fit into"):
        make_pack(out, limit, folders)
    assert not out.exists()


def test_when_a_sample_is_misleading_the_pack_still_fits(tmp_path, monkeypatch):
    """One photograph of 20, with few details, stands for all."""
    monkeypatch.setattr(pack_photographs, "SAMPLE_SIZE", 1)
    folder = tmp_path / "backgrounds"
    for i in range(20):
        photograph(folder / f"{i:02}.png", 480, 320, i)
    coarse = np.random.default_rng(0).integers(0, 256, (12, 18, 3), np.uint8)
    cv2.imwrite(str(folder / "00.png"), cv2.resize(coarse, (480, 320), interpolation=cv2.INTER_CUBIC))
    limit = size_without_photographs(tmp_path) + 250_000
    out = tmp_path / "pack.zip"
    make_pack(out, limit, backgrounds=str(folder))
    assert 0.9 * limit < out.stat().st_size <= limit


def test_damaged_files_are_named_and_left_out(tmp_path, capsys):
    folder = annotated(tmp_path / "mine", 5)
    (folder / "images" / "img_0.jpg").write_bytes(b"no image")
    truth = folder / "gt" / "gt_img_1.txt"
    truth.write_text(truth.read_text(encoding="utf-8-sig") + "1,2,oops\n", encoding="utf-8-sig")
    (folder / "gt" / "gt_img_2.txt").unlink()
    (folder / "gt" / "gt_img_3.txt").write_bytes(b"\xff\xfe\xff")
    out = tmp_path / "pack.zip"
    make_pack(out, LIMIT, [str(folder)])
    messages = capsys.readouterr().err
    for name in (
        "img_0.jpg is left out",
        "gt_img_1.txt, line 4",
        "img_2.jpg is left out",
        "img_3.jpg is left out",
    ):
        assert messages.count(name) == 1, name
    with zipfile.ZipFile(out) as archive:
        found = sorted(name for name in archive.namelist() if name.startswith("data/"))
        assert found == [
            f"data/mine/{p}"
            for p in ("gt/gt_img_1.txt", "gt/gt_img_4.txt", "images/img_1.webp", "images/img_4.webp")
        ]
        assert archive.read("data/mine/gt/gt_img_1.txt").decode("utf-8-sig").count("\n") == 3
    assert manifest(out)["parts"][-1]["terms"] == "not stated"


def test_photographs_of_one_name_are_not_overwritten(tmp_path, capsys):
    photograph(tmp_path / "in" / "a.jpg", 64, 48)
    photograph(tmp_path / "in" / "a.png", 64, 48)
    assert is_held_out("a.jpg") == is_held_out("a.png")
    make_pack(tmp_path / "pack.zip", LIMIT, backgrounds=str(tmp_path / "in"))
    assert "a.png is left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: [path.unlink() for path in (folder / "gt").iterdir()], "holds no photograph"),
        (lambda folder: [path.write_bytes(b"") for path in (folder / "images").iterdir()], "nothing is left"),
        (lambda folder: (folder / "gt").rename(folder / "labels"), "has no folder gt/"),
        (lambda folder: folder.rename(folder.parent / "other"), "has no folder images/"),
    ],
)
def test_a_folder_without_usable_photographs(change, message, tmp_path):
    change(annotated(tmp_path / "mine", 2))
    with pytest.raises(PackError, match=message):
        make_pack(tmp_path / "pack.zip", LIMIT, [str(tmp_path / "mine")])
    assert not (tmp_path / "pack.zip").exists()


def test_wrong_folders(data, tmp_path):
    other, out = tmp_path / "icdar2015" / "train", tmp_path / "pack.zip"
    for folders, message in (
        ({"backgrounds": str(tmp_path / "none")}, "holds no photograph for backgrounds"),
        ({"fonts": str(tmp_path)}, "holds no font of Fontsource"),
        ({"data": [str(data), str(other)]}, "both named icdar2015"),
    ):
        with pytest.raises(PackError, match=message):
            make_pack(out, LIMIT, **folders)
    with pytest.raises(PackError, match="does not exist"):
        make_pack(tmp_path / "none" / "pack.zip", LIMIT)
