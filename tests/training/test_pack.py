"""The command that makes a pack."""

from __future__ import annotations

import argparse
import functools
import hashlib

import cv2
import numpy as np
import pytest

pytest.importorskip("wordfreq", reason="words of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("faker", reason="names of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("fontTools", reason="subsets of fonts: pip install -r requirements-train.txt")

from spotter.data import pack_fonts
from spotter.data.icdar import write_ground_truth
from spotter.data.sources import Sources
from spotter.data.synth.fonts import _installed_families, installed_families
from spotter.data.synth.vocabulary import WordLists
from spotter.training.card import describe_data, describe_terms
from spotter.training.pack import main, size_in_bytes
from spotter.types import GroundTruth

pytestmark = pytest.mark.skipif(
    not _installed_families(), reason="no fontpkg-* font is installed: pip install -r requirements-train.txt"
)


@pytest.fixture(autouse=True, scope="module")
def few_fonts():
    """Two families per split, and word lists made once, so that packing takes a moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WordLists, "from_packages", functools.cache(WordLists.from_packages))
        patch.setattr(
            pack_fonts, "installed_families", lambda split, more=None: installed_families(split, more)[:2]
        )
        yield


def test_a_pack_is_written_and_described(tmp_path, capsys):
    folder, out = tmp_path / "icdar2015" / "train", tmp_path / "pack.zip"
    for part in ("images", "gt"):
        (folder / part).mkdir(parents=True)
    cv2.imwrite(str(folder / "images" / "img_0.jpg"), np.full((100, 160, 3), 127, np.uint8))
    corners = np.array([[40, 60], [100, 60], [100, 90], [40, 90]], np.float32)
    write_ground_truth(folder / "gt" / "gt_img_0.txt", [GroundTruth(corners, "word")])
    assert main([str(out), "--limit", "5MB", "--data", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "fonts",
        "words",
        "data/icdar2015",
        "photographs",
        str(out),
    ]
    checksum = hashlib.sha256(out.read_bytes()).hexdigest()
    assert checksum in lines[-1]
    card = describe_data(Sources(pack=str(out)))
    assert card[0] == f"the training pack pack.zip, sha256 {checksum}"
    assert "data/icdar2015 of the pack: icdar2015" in card
    assert len(card) == 4  # and fonts, words
    terms = [line.split(": ")[0] for line in describe_terms(Sources(pack=str(out)))]
    assert terms[:-1] == ["font families", "wordfreq", "faker", "icdar2015"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "/nowhere"], "/nowhere has no folder images/"),
        (["--limit", "10kB"], "does not fit into 0.01 MB"),
    ],
)
def test_a_pack_that_cannot_be_made(options, message, tmp_path, capsys):
    assert main([str(tmp_path / "pack.zip"), *options]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert not captured.out
    assert not (tmp_path / "pack.zip").exists()


@pytest.mark.parametrize(
    ("text", "count"), [("7", 7), ("40MB", 40_000_000), ("1.5 kB", 1500), ("2G", 2 * 10**9)]
)
def test_sizes_in_bytes(text, count):
    assert size_in_bytes(text) == count


@pytest.mark.parametrize("text", ["", "MB", "-1MB", "40 megabytes", "0x10"])
def test_invalid_sizes(text, capsys):
    with pytest.raises(argparse.ArgumentTypeError):
        size_in_bytes(text)
    with pytest.raises(SystemExit) as stop:
        main(["pack.zip", f"--limit={text}"])
    assert stop.value.code == 2
    assert "is not a size such as 40MB" in capsys.readouterr().err
