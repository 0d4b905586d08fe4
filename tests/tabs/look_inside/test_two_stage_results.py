"""The stored results of CRAFT and a CRNN."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotter.evaluation.two_stage import Strip, TwoStage
from spotter.images import read_image
from spotter.tabs.look_inside import two_stage_results
from spotter.tabs.look_inside.two_stage_results import FOLDER, load, save, shows, stored_result
from spotter.tabs.shared.samples import SAMPLES, stored_truth


def traced(trace, sample, width: int):
    """A trace of a sample, resized to a width."""
    photo = read_image(sample.path)
    size = (width, round(photo.shape[0] * width / photo.shape[1]))
    way = cv2.INTER_AREA if width < photo.shape[1] else cv2.INTER_LINEAR
    return replace(trace, image=cv2.resize(photo, size, interpolation=way))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path.stem)
def test_every_sample_has_a_result(trace, sample):
    found = stored_result(traced(trace, sample, 640))
    assert [word.text for word in found.true] == [text for text, _ in stored_truth(sample.path) or []]
    for strip in found.result.strips:
        assert (strip.quad >= -32).all()
        assert (strip.quad.max(0) <= np.array([672, 900])).all()
        assert strip.pixels.dtype == np.uint8
    assert found.result.region.max() <= 1


def test_most_words_of_the_first_sample_are_read():
    read = [word.read for word in load(FOLDER / "launch.npz", SAMPLES[0].path).true]
    assert {"Yakima", "Werner", "ZEBRAS"} <= set(read)


def test_other_photos_and_changed_samples_have_none(trace):
    assert stored_result(trace) is None
    known = traced(trace, SAMPLES[0], 640)
    changed = known.image.copy()
    changed[:40, :40] = 255
    assert stored_result(replace(known, image=changed)) is None
    assert not shows(known.image, SAMPLES[1].path)


def test_a_result_that_was_saved_comes_back(tmp_path, monkeypatch):
    quad = np.array([[8.0, 4], [40, 4], [40, 20], [8, 20]])
    strips = [
        Strip(quad, np.full((64, 40), 200, np.uint8), "é<b>", 0.5),
        Strip(quad, np.zeros((9, 64), np.uint8), "", 0.0),
    ]
    maps = np.linspace(0, 1.2, 24 * 32, dtype=np.float32).reshape(24, 32)
    image = np.zeros((48, 64, 3), np.uint8)
    monkeypatch.setattr(two_stage_results, "stored_truth", lambda path: [("A", quad)])
    for given in (strips, []):
        file = tmp_path / f"{len(given)}.npz"
        save(file, image, TwoStage(maps, maps, given), ["a"])
        found = load(file, tmp_path)
        assert [(s.text, s.score, s.pixels.shape) for s in found.result.strips] == [
            (s.text, s.score, s.pixels.shape) for s in given
        ]
        for one in found.result.strips:
            np.testing.assert_allclose(one.quad * [64, 48], quad, atol=0.01)
        np.testing.assert_allclose(found.result.region, maps.clip(0, 1), atol=0.05)
        assert [word.read for word in found.true] == ["a"]
