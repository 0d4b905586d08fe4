"""Training data on a small scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.data import pack_file, pack_fonts
from spotter.data.data_config import DataConfig, StageConfig
from spotter.data.datasets import BatchDataset
from spotter.data.icdar import write_ground_truth
from spotter.data.packing import make_pack
from spotter.data.sources import Sources
from spotter.data.synth.fonts import _installed_families, installed_families
from spotter.types import GroundTruth

TWO_SCENES = 2 * 160**2 / 1e6  # megapixels


@pytest.fixture(scope="session")
def make_dataset(tiny_config):
    """Makes data sets of stages and folders of annotated photographs; by default of two scenes per batch."""
    model = replace(tiny_config, characters="abcdefghijklmnopqrstuvwxyz", max_steps=8)

    def make(*stages: StageConfig, data: tuple[str, ...] = (), seed: int = 0, **changes) -> BatchDataset:
        config = DataConfig(**{"megapixels": TWO_SCENES} | changes)
        stages = stages or (StageConfig("scenes", scene=160, large=0.0),)
        return BatchDataset(model, stages, config, Sources(data=data), seed)

    return make


@pytest.fixture(scope="session")
def annotated_folder(tmp_path_factory) -> Path:
    """Two annotated photographs."""
    path = tmp_path_factory.mktemp("data")
    for part in ("images", "gt"):
        (path / part).mkdir()
    for i in range(2):
        image = np.random.default_rng(i).integers(0, 256, (200, 300, 3), np.uint8)
        cv2.imwrite(str(path / "images" / f"img_{i}.png"), image)
        boxes = [(40 + 100 * k, 60, 100 + 100 * k, 90) for k in range(2)]
        words = [
            GroundTruth(np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32), "word")
            for x1, y1, x2, y2 in boxes
        ]
        write_ground_truth(path / "gt" / f"gt_img_{i}.txt", words)
    return path


@pytest.fixture(scope="session")
def source_folders(tmp_path_factory) -> Sources:
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


@pytest.fixture(scope="session")
def packed(source_folders, tmp_path_factory) -> Path:
    """Those folders as a pack, with three families of fonts per split."""
    pytest.importorskip("wordfreq", reason="words of scenes: pip install -r requirements-train.txt")
    pytest.importorskip("faker", reason="names of scenes: pip install -r requirements-train.txt")
    pytest.importorskip("fontTools", reason="subsets of fonts: pip install -r requirements-train.txt")
    if not _installed_families():
        pytest.skip("no fontpkg-* font is installed: pip install -r requirements-train.txt")
    out = tmp_path_factory.mktemp("pack") / "pack.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pack_fonts, "installed_families", lambda split, more=None: installed_families(split, more)[:3]
        )
        make_pack(out, 10**7, source_folders.data, source_folders.backgrounds)
    return out


@pytest.fixture
def pack_cache(tmp_path, monkeypatch) -> Iterator[Path]:
    """A cache of the user for each test, and none of the process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pack_file.unpack.cache_clear()
    yield tmp_path / "cache" / "swintextspotter" / "packs"
    pack_file.unpack.cache_clear()
