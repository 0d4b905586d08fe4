"""Vertical and tilted words are drawn as the recogniser gets them: rotated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from annotation.signals import mask_disagreement
from spotter.explain import word_crop
from spotter.explain.topics import conversion, conversion_steps, reading, two_level, two_stage_comparison
from spotter.ops.roi_affine import points_in_roi
from spotter.ops.rois import resample_masks, roi_grid


@pytest.fixture(params=[90, -90])
def vertical(trace, request):
    """The trace with a tall box for its first word, read down or up; the half read first is bright."""
    boxes, rois = trace.boxes.copy(), trace.rois.copy()
    boxes[-1, trace.proposal_index[0]] = [20, 10, 40, 70]
    rois[0] = [30, 40, 60, 20, np.radians(request.param)]
    image = np.zeros_like(trace.image)
    image[slice(40) if request.param > 0 else slice(40, None), :, 0] = 255
    return replace(trace, boxes=boxes, rois=rois, image=image)


def unrotated(trace):
    rois = trace.rois.copy()
    rois[0] = [30, 40, 20, 60, 0]
    return replace(trace, rois=rois)


@pytest.mark.parametrize("degrees", [0, 90, -90, 30, -140])
def test_points_masks_and_photos_rotate_like_the_features(trace, degrees):
    """What is drawn in a cell of an RoI is what `ops.rois` samples there."""
    roi = np.array([31.0, 42.0, 50.0, 20.0, np.radians(degrees)], np.float32)
    points = roi_grid(torch.from_numpy(roi)[None], 28, 28)[0].numpy()
    over = points_in_roi(points.reshape(-1, 2), roi).reshape(28, 28, 2)
    np.testing.assert_allclose(over[..., 0], np.tile((np.arange(28) + 0.5) / 28, (28, 1)), atol=1e-5)
    np.testing.assert_allclose(over[..., 1], over[..., 0].T, atol=1e-5)
    assert points_in_roi(np.zeros((0, 2)), roi).shape == (0, 2)
    x, y = np.meshgrid(np.arange(80) + 0.5, np.arange(90) + 0.5)
    photo = np.stack([2 * x, 2 * y, 0 * x], 2).astype(np.uint8)  # the colour of a pixel encodes its position
    drawn = np.asarray(word_crop.crop_roi(photo, roi, 28, 28)).astype(float)
    np.testing.assert_allclose(drawn[..., :2], 2 * points, atol=2)
    boxes, rois, masks = trace.boxes.copy(), trace.rois.copy(), trace.mask_k.copy()
    boxes[-1, trace.proposal_index[0]] = [10, 20, 60, 65]
    rois[0], masks[0] = roi, np.random.default_rng(0).random((28, 28))
    known = replace(trace, boxes=boxes, rois=rois, mask_k=masks)
    expected = resample_masks(
        *(torch.from_numpy(a[[0]]) for a in (rois, known.box(0)[None], masks)), (28, 28)
    )[0]
    found, inner = word_crop.word_mask(known, 0), (points >= [11, 21]).all(2) & (points <= [59, 64]).all(2)
    np.testing.assert_allclose(found[inner], expected.numpy()[inner], atol=1e-3)
    assert inner.sum() > 200


def test_the_photo_of_a_vertical_word_is_horizontal(vertical):
    assert word_crop.word_size(vertical, 0, 300) == (300, 100)
    photo = np.asarray(word_crop.word_photo(vertical, 0, 300))[..., 0]
    assert photo.shape == (100, 300)
    assert photo[:, :140].min() > 200
    assert photo[:, 160:].max() < 50
    assert word_crop.word_size(unrotated(vertical), 0, 300) == (300, 270)


def test_the_mask_rotates_with_the_photo(vertical):
    mask, quad = np.zeros((28, 28), np.float16), np.array([[20.0, 10], [40, 10], [40, 40], [20, 40]])
    mask[:14] = 1
    if vertical.rois[0, 4] < 0:
        mask, quad = 1 - mask, quad + np.array([0, 30])
    masked = replace(vertical, mask_k=np.stack([mask] * len(vertical.words)))
    assert word_crop.word_mask(masked, 0)[:, :14].min() > 0.99
    assert word_crop.word_mask(masked, 0)[:, 14:].max() < 0.01
    where = conversion.word_region_mask(masked, 0, quad)
    assert where.mean() == pytest.approx(0.5, abs=0.04)
    assert where[:, :13].all()
    gate = np.zeros(masked.m3.shape, np.float16)
    gate[..., : gate.shape[2] // 2] = 1  # open for the half that is read first
    fits = replace(masked, m3=gate)
    assert mask_disagreement(fits, 0) == 0
    assert conversion.leakage(fits, 0, "m3").iou == 1
    assert mask_disagreement(unrotated(fits), 0) > 0.5


def test_every_picture_of_a_rotated_word_has_a_note(vertical, tiny_spotter, monkeypatch):
    notes = []

    def record_notes(module) -> None:
        real = module.titled

        def titled(picture, title, note=""):
            notes.append(note)
            return real(picture, title, note)

        monkeypatch.setattr(module, "titled", titled)

    for module in (conversion_steps, reading, two_level, two_stage_comparison):
        record_notes(module)
    for one, count in ((vertical, 4), (unrotated(vertical), 0)):
        notes.clear()
        conversion_steps.draw_steps(one, 0, conversion_steps.convert_word(tiny_spotter, one, 0))
        reading.draw_attention(one, 0, 0)
        two_level.draw_query(one, 0, 0, 5)
        two_stage_comparison.draw_inputs(one, None, 0)
        assert sum("rotated" in note for note in notes) == count
    way = "read down" if vertical.rois[0, 4] > 0 else "read up"
    assert word_crop.turn_note(vertical, 0) == f"rotated by 90°, along this word, which is {way}"
    tilted = vertical.rois.copy()
    tilted[0, 4] = np.radians(-31.4)
    assert word_crop.turn_note(replace(vertical, rois=tilted), 0) == "rotated by 31°, along this word"
