"""Reading of regions: what the recogniser gets of masks, rotated words and levels."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from spotter.model.spotter import SwinTextSpotter
from spotter.ops.polygons import rasterise
from spotter.ops.rois import boxes_to_rois, rotate_quarter_turns
from spotter.types import Detection


@pytest.fixture(scope="module")
def images(photographs) -> list[torch.Tensor]:
    """Three images of one size, (3, 96, 128)."""
    tensors = [torch.from_numpy(photographs[i]).permute(2, 0, 1).float() for i in (0, 2)]
    tensors = [t[:, ::2, ::2] for t in tensors]
    return [*tensors, tensors[0].flip(2)]


@pytest.fixture(scope="module")
def detection(tiny_model, images) -> Detection:
    with torch.no_grad():
        return tiny_model.detect(images)


@pytest.mark.parametrize("threshold", [0.4, 0.38])
@torch.no_grad()
def test_mask_k_zeroes_features_outside_the_word(tiny_model, detection, threshold):
    """Cells below the threshold are zero in the reader's input."""
    model = SwinTextSpotter(replace(tiny_model.config, mask_threshold=threshold)).eval()
    model.load_state_dict(tiny_model.state_dict())
    regions = tiny_model.select_regions(detection, -1.0)
    mask_k = torch.full((len(regions), 28, 28), 0.39)
    mask_k[:, :14] = 0.41
    seen = []
    model.reader.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model.read(detection.levels, replace(regions, mask_k=mask_k))
    cells = seen[0].abs().sum(1)
    assert (cells[:, :4] > 0).all()
    assert (cells[:, 4:] > 0).all() == (threshold == 0.38)
    assert (cells[:, 4:] == 0).all() == (threshold == 0.4)


@pytest.mark.parametrize(
    ("quarters", "horizontal"), [(1, [8.0, 52.0, 80.0, 76.0]), (3, [16.0, 20.0, 88.0, 44.0])]
)
@torch.no_grad()
def test_a_vertical_word_is_read_like_a_horizontal_one(tiny_model, detection, quarters, horizontal):
    """A rotated RoI on a pyramid gives the same as a horizontal box on the rotated pyramid."""
    levels = [cells[..., : 24 // 2**i, : 24 // 2**i] for i, cells in enumerate(detection.levels)]
    regions = tiny_model.select_regions(detection, -1.0)
    count = len(regions)
    mask_k = torch.zeros(count, 28, 28)
    mask_k[:, 3:20, 5:18] = 1
    vertical = torch.tensor([[20.0, 8.0, 44.0, 80.0]]).expand(count, 4)
    level = boxes_to_rois(vertical)
    turned = rotate_quarter_turns(level, torch.full((count,), quarters))
    one = replace(regions, boxes=vertical, mask_k=mask_k, rois=turned)
    boxes = torch.tensor([horizontal]).expand(count, 4)
    other = replace(regions, boxes=boxes, mask_k=mask_k.rot90(quarters, (1, 2)), rois=boxes_to_rois(boxes))
    conversion, reading = tiny_model.read(levels, one)
    rotated = [cells.rot90(quarters, (2, 3)) for cells in levels]
    expected_conversion, expected = tiny_model.read(rotated, other)
    torch.testing.assert_close(conversion.m3, expected_conversion.m3, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(reading.probabilities, expected.probabilities, atol=1e-3, rtol=1e-3)
    as_it_is = tiny_model.read(levels, replace(one, rois=level))[0]
    assert not torch.allclose(as_it_is.m3, conversion.m3, atol=1e-3)


@pytest.mark.parametrize("ratio", [None, 0.6])
@torch.no_grad()
def test_the_roi_follows_a_tilted_word(tiny_model, detection, ratio):
    """At 60 degrees the RoI is vertical, at -30: one of its orientations runs along the word. A horizontal
    word has its box.
    """
    model = SwinTextSpotter(replace(tiny_model.config, min_rect_area_ratio=ratio, vertical_aspect_ratio=1.25))
    cos, sin = 0.5, 0.75**0.5
    corner = np.array([[-60, -12], [60, -12], [60, 12], [-60, 12]]) @ [[cos, sin], [-sin, cos]] + 100
    box = np.concatenate([corner.min(0), corner.max(0)])
    mask = torch.from_numpy(rasterise(corner, box, 28)).float()
    regions = tiny_model.select_regions(detection, -1.0)
    first = regions[:2]
    boxes = torch.tensor([box.tolist(), [0.0, 0.0, 40.0, 10.0]])
    masks = torch.stack([mask, torch.ones_like(mask)])
    oriented = model.orient_rois(replace(first, boxes=boxes, mask_k=masks, proposal_index=torch.arange(2)))
    degrees = torch.rad2deg(oriented.rois[:, 4]).tolist()
    assert oriented.proposal_index.tolist() == [0, 0, 0, 1]
    assert degrees == pytest.approx([-30, 60, -120, 0] if ratio else [0, 90, -90, 0], abs=1)
    torch.testing.assert_close(oriented.rois[3], torch.tensor([20.0, 5, 40, 10, 0]))


@pytest.mark.parametrize(("canonical", "level"), [(224.0, 2), (448.0, 1), (1e4, 0)])
@torch.no_grad()
def test_recognition_has_its_own_level_rule(tiny_model, images, detection, canonical, level):
    """Only one level affects the reading of a box of 224 x 224 pixels; the stages' rule stays."""
    model = SwinTextSpotter(replace(tiny_model.config, recognition_canonical=canonical)).eval()
    model.load_state_dict(tiny_model.state_dict())
    regions = tiny_model.select_regions(detection, -1.0)
    boxes = torch.tensor([[0.0, 0.0, 224.0, 224.0]]).expand(len(regions), 4)
    regions = replace(regions, boxes=boxes, rois=boxes_to_rois(boxes))
    before = model.read(detection.levels, regions)[0].m3
    changed = []
    for i in range(4):
        levels = [cells + (i == j) for j, cells in enumerate(detection.levels)]
        changed.append(not model.read(levels, regions)[0].m3.equal(before))
    assert changed == [i == level for i in range(4)]
    again = model.detect(images)
    assert again.stages[-1].proposal_features.equal(detection.stages[-1].proposal_features)
