"""The affine map of an RoI agrees with the tensor functions of `ops.rois`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotter.ops.roi_affine import points_in_roi, roi_matrix
from spotter.ops.rois import image_to_roi, roi_grid


@pytest.mark.parametrize("degrees", [0, 90, -90, 30, -140])
def test_the_map_agrees_with_roi_grid_and_image_to_roi(degrees):
    roi = np.array([31.0, 42.0, 50.0, 20.0, np.radians(degrees)])
    points = roi_grid(torch.from_numpy(roi)[None], 6, 8)[0]  # (6, 8, 2)
    x, y = np.meshgrid(np.arange(8) + 0.5, np.arange(6) + 0.5)
    found = np.stack([x, y, np.ones_like(x)], 2) @ roi_matrix(roi, 8, 6).T
    np.testing.assert_allclose(found, points.numpy(), atol=1e-9)
    place = image_to_roi(points.flatten(0, 1)[None], torch.from_numpy(roi)[None])[0]
    np.testing.assert_allclose(points_in_roi(points.flatten(0, 1).numpy(), roi), place, atol=1e-9)


def test_by_hand():
    roi = np.array([10.0, 20.0, 4.0, 2.0, np.pi / 2])  # read downwards
    np.testing.assert_allclose(roi_matrix(roi, 4, 2), [[0, -1, 11], [1, 0, 18]], atol=1e-12)
    np.testing.assert_allclose(points_in_roi([[11, 18], [9, 22]], roi), [[0, 0], [1, 1]], atol=1e-12)


def test_no_points_and_no_area():
    assert points_in_roi(np.zeros((0, 2)), np.array([1.0, 2, 3, 4, 0])).shape == (0, 2)
    assert np.isfinite(roi_matrix(np.zeros(5), 4, 2)).all()
