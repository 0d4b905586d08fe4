"""Pictures of scenes with their ground truth."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.synth.contact_sheet import annotated, contact_sheet
from spotter.types import GroundTruth

REGIONS = [
    GroundTruth(
        np.array([[10, 10], [40, 10], [40, 20], [10, 20]], np.float32),
        "ab",
        centres=np.array([[18, 15], [32, 15]], np.float32),
    ),
    GroundTruth(np.array([[10, 30], [40, 30], [40, 40], [10, 40]], np.float32), "", ignore=True),
]


def test_regions_are_drawn_in_the_colour_of_their_kind():
    image = annotated(np.zeros((50, 60, 3), np.uint8), REGIONS)
    assert image.shape == (100, 120, 3)
    assert image[30, 80].tolist() == pytest.approx(
        [40, 255, 40], abs=25
    )  # green on the right side of the word
    assert image[70, 80].tolist() == pytest.approx([255, 60, 60], abs=25)  # red on that of the ignored region
    assert image[30, 36].tolist() == [255, 0, 255]  # a character


@pytest.mark.parametrize(("clean", "shape"), [(True, (100, 120, 3)), (False, (200, 240, 3))])
def test_scenes_lie_in_a_grid(clean, shape):
    scenes = [(np.full((50, 60, 3), 10 * k, np.uint8), REGIONS) for k in range(3)]
    sheet = contact_sheet(scenes, columns=2, clean=clean)
    assert sheet.shape == shape
    assert (sheet[-20:, -20:] == 255).all()  # the grid is filled up with white
