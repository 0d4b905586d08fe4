"""Photographs of a pack: encoded with their ground truth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.data.icdar import read_ground_truth, write_ground_truth
from spotter.data.pack_photographs import (
    LOWEST,
    MAX_QUALITY,
    Encoding,
    PackedPhotograph,
    SizeEstimate,
    encode,
)
from spotter.images import read_image
from spotter.types import GroundTruth


@pytest.fixture
def photograph(tmp_path) -> PackedPhotograph:
    """An annotated photograph of 320 x 200 pixels."""
    coarse = np.random.default_rng(0).integers(0, 256, (25, 40, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "a.jpg"), cv2.resize(coarse, (320, 200), interpolation=cv2.INTER_CUBIC))
    corners = np.array([[40, 60], [100, 60], [100, 90], [40, 90]], np.float32)
    regions = GroundTruth(corners, "EUR,4,50"), GroundTruth(corners + 80, "", ignore=True)
    write_ground_truth(tmp_path / "original.txt", regions)
    return PackedPhotograph(tmp_path / "a.jpg", "a.webp", "a.txt", regions)


@pytest.mark.parametrize(("long_side", "scale"), [(None, 1.0), (160, 0.5), (640, 1.0)])
def test_ground_truth_is_scaled_with_its_photograph(photograph, long_side, scale, tmp_path):
    files = encode(photograph, Encoding(80, long_side))
    assert read_image(files["a.webp"]).shape == (200 * scale, 320 * scale, 3)
    (tmp_path / "a.txt").write_bytes(files["a.txt"])
    for found, region in zip(read_ground_truth(tmp_path / "a.txt"), photograph.regions, strict=True):
        assert np.array_equal(found.polygon, region.polygon * scale)
        assert (found.text, found.ignore) == (region.text, region.ignore)


def test_an_estimate_chooses_the_best_encoding_that_fits(photograph):
    estimate = SizeEstimate([photograph] * 3)
    best = Encoding(MAX_QUALITY, None)
    assert estimate.best(10**9) == best
    assert estimate.best(int(estimate.size(best)) - 1).quality < MAX_QUALITY
    assert estimate.best(0) == LOWEST


def test_an_estimate_is_corrected_by_what_was_encoded(photograph):
    estimate = SizeEstimate([photograph] * 3)
    encoding = Encoding(80, None)
    before = estimate.size(encoding)
    estimate.correct(encoding, {"a.webp": b"x" * 500, "a.txt": b"not an image"})
    assert estimate.size(encoding) == pytest.approx(500)
    assert before != pytest.approx(500)
