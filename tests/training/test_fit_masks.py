"""Rasterised polygons, random word shapes and the components fitted to them."""

import cv2
import numpy as np
import pytest
import torch

from spotter.training.fit_masks import fit_mask_code, rasterise, reconstruction_iou, word_masks, word_shapes


@pytest.fixture(scope="module")
def masks():
    return word_masks(1500, seed=0)


@pytest.fixture(scope="module")
def code(masks):
    return fit_mask_code(masks)


def box_of(polygon):
    return np.concatenate([polygon.min(0), polygon.max(0)])


def test_rasterise_by_hand():
    triangle = np.array([[10, 20], [18, 20], [10, 24]], np.float32)  # upper left half of its box
    mask = rasterise(triangle, np.array([10, 20, 18, 24], np.float32), size=4)
    assert mask.dtype == np.uint8
    # The centres that lie on the slope itself do not count.
    assert mask.tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("box", "columns", "rows"),
    [
        ([0, 0, 8, 8], range(4), range(4)),  # its own box
        ([4, 0, 12, 8], range(2), range(4)),  # the polygon's right half lies in the box's left one
        ([-8, -8, 8, 8], range(2, 4), range(2, 4)),
        ([20, 20, 30, 30], [], []),
    ],
)
def test_rasterise_inside_any_box(box, columns, rows):
    square = np.array([[0, 0], [8, 0], [8, 8], [0, 8]], np.float32)
    expected = np.zeros((4, 4), np.uint8)
    expected[np.ix_(list(rows), list(columns))] = 1
    assert rasterise(square, np.array(box), 4).tolist() == expected.tolist()


@pytest.mark.filterwarnings("error")
def test_rasterise_of_a_line_is_empty():
    line = np.array([[3, 3], [9, 3], [9, 3]], np.float32)
    assert not rasterise(line, box_of(line)).any()


def test_rasterise_does_not_depend_on_direction_or_start():
    polygon = word_shapes(1, seed=3)[0]
    mask = rasterise(polygon, box_of(polygon))
    assert (mask == rasterise(polygon[::-1], box_of(polygon))).all()
    assert (mask == rasterise(np.roll(polygon, 3, 0), box_of(polygon))).all()


def test_rasterise_agrees_with_a_fine_raster():
    fine, factor = 28 * 16, 16
    for polygon in word_shapes(60, seed=1):
        box = box_of(polygon)
        large = np.zeros((fine, fine), np.uint8)
        points = (polygon - box[:2]) / (box[2:] - box[:2]) * fine - 0.5
        cv2.fillPoly(large, [np.round(points * 256).astype(np.int32)], 1, shift=8)
        covered = large.reshape(28, factor, 28, factor).mean((1, 3))
        mask = rasterise(polygon, box)
        assert np.abs(mask.mean() - covered.mean()) < 0.02
        # Cells that are clearly in or out agree.
        assert (mask[covered > 0.85] == 1).all()
        assert (mask[covered < 0.15] == 0).all()


def test_word_shapes():
    shapes = word_shapes(300, seed=0)
    assert {len(shape) for shape in shapes} == {4, 14}
    for shape in shapes:
        assert shape.dtype == np.float32
        assert np.isfinite(shape).all()
        assert shape.min() == 0
        x, y = shape.T
        assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0  # clockwise, y down
    again, other = word_shapes(300, seed=0), word_shapes(300, seed=1)
    assert all((a == b).all() for a, b in zip(shapes, again, strict=True))
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(shapes, other, strict=True))


def test_word_shapes_point_everywhere():
    first = np.stack([shape[1] - shape[0] for shape in word_shapes(400, seed=0)])
    degrees = np.degrees(np.arctan2(first[:, 1], first[:, 0]))
    assert (np.histogram(degrees, bins=8, range=(-180, 180))[0] > 0).all()


def test_components_are_orthonormal_and_ordered(code):
    torch.testing.assert_close(code.components @ code.components.T, torch.eye(60), rtol=0, atol=1e-4)
    assert (code.explained_variance.diff() <= 0).all()
    assert code.explained_variance[-1] > 0
    largest = code.components.abs().argmax(1, keepdim=True)
    assert (code.components.gather(1, largest) > 0).all()  # the sign is settled
    assert code.fitted


def test_the_code_is_whitened(code, masks):
    vectors = code.encode(masks)
    torch.testing.assert_close(vectors.mean(0), torch.zeros(60), rtol=0, atol=1e-3)
    torch.testing.assert_close(torch.cov(vectors.T), torch.eye(60), rtol=0, atol=1e-2)


def test_reconstruction_of_fresh_shapes_improves_with_coefficients(code):
    fresh = word_masks(300, seed=1)
    ious = [reconstruction_iou(code, fresh, count) for count in (5, 20, 60)]
    assert ious == sorted(ious)
    assert ious[0] > 0.7
    assert ious[2] > 0.93


def test_few_masks():
    """Fewer masks than coefficients leave directions without variance; the code stays finite and exact."""
    masks = word_masks(3, seed=0)
    code = fit_mask_code(masks)
    assert code.encode(masks).isfinite().all()
    assert reconstruction_iou(code, masks, 60) == 1
    assert fit_mask_code(masks[:1]).decode(torch.zeros(60)).isfinite().all()
