"""RoIAlign over the pyramid: the level rule, and all backends against torchvision's kernel."""

import pytest
import torch
from torchvision.ops import roi_align

from spotter.ops.roi_align import (
    BACKENDS,
    assign_levels,
    assign_levels_by_size,
    embedding_bag_roi_align,
    grid_sample_roi_align,
    pyramid_roi_align,
    roi_align_backend,
    set_roi_align_backend,
    torchvision_roi_align,
)
from tests.ops.roi_cases import BOXES, CASES, IMAGE, SIZES, gradient_of, pyramid, torchvision_features


@pytest.fixture(autouse=True)
def restore_backend():
    yield
    set_roi_align_backend("auto")


@pytest.mark.parametrize(
    ("width", "height", "level"),
    [
        (224, 224, 2),  # the size of the rule: P4
        (448, 112, 2),  # only the area counts
        (223, 223, 1),
        (112, 112, 1),
        (111, 111, 0),
        (447, 447, 2),
        (448, 448, 3),
        (10, 10, 0),
        (4000, 4000, 3),
        (0, 50, 0),
        (-5, 50, 0),
    ],
)
def test_assign_levels_by_hand(width, height, level):
    assert assign_levels(torch.tensor([[7.0, 9.0, 7.0 + width, 9.0 + height]])).tolist() == [level]
    assert assign_levels_by_size(torch.tensor([float(height)]), torch.tensor([float(width)])).tolist() == [
        level
    ]


@pytest.mark.parametrize(("canonical", "level"), [(112, 3), (224, 2), (448, 1), (896, 0), (1792, 0)])
@torch.no_grad()
def test_canonical_size_moves_the_level(canonical, level):
    """All implementations pool from the level of the rule."""
    box, first = torch.tensor([[3.0, 5.0, 227.0, 229.0]]), torch.zeros(1, dtype=torch.long)
    assert assign_levels(box, 4, canonical).tolist() == [level]
    levels = [torch.full_like(cells, i) for i, cells in enumerate(pyramid(256, 256))]
    for align in (embedding_bag_roi_align, torchvision_roi_align, grid_sample_roi_align, pyramid_roi_align):
        out = align(levels, box, first, (4, 8), 1, canonical)
        torch.testing.assert_close(out, torch.full_like(out, level))


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", range(4))
@torch.no_grad()
def test_embedding_bag_equals_torchvision_on_each_level(level, size, samples):
    """Boxes scaled to the sizes of a level, so that every kind of box occurs on every level."""
    levels = pyramid(1024, 1280)
    boxes = BOXES * (0.2, 1.2, 3.0, 8.0)[level]
    boxes = boxes[assign_levels(boxes) == level]
    image = torch.arange(len(boxes)) % 2
    assert len(boxes)
    rois = torch.cat([image[:, None].float(), boxes], 1)
    expected = roi_align(levels[level], rois, size, 1 / (4 * 2**level), samples, aligned=True)
    ours = embedding_bag_roi_align(levels, boxes, image, size, samples)
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("gradient", [True, False])
@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_each_box_is_pooled_from_its_level(size, samples, gradient):
    levels = [level.requires_grad_(gradient) for level in pyramid()]
    assert len(assign_levels(BOXES).unique()) > 1
    out = pyramid_roi_align(levels, BOXES, IMAGE, size, samples)
    assert out.requires_grad == gradient
    torch.testing.assert_close(out, torchvision_features(levels, size, samples), atol=1e-5, rtol=1e-5)


def test_gradient_equals_torchvision():
    levels, seed = pyramid(), torch.randn(len(BOXES), 3, 7, 7)
    ours = torch.autograd.grad(embedding_bag_roi_align(levels, BOXES, IMAGE, (7, 7), 2), levels, seed)
    theirs = torch.autograd.grad(torchvision_features(levels, (7, 7), 2), levels, seed, allow_unused=True)
    assert sum(g is not None for g in theirs) > 1
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, torch.zeros_like(a) if b is None else b, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_bfloat16_levels():
    levels = pyramid()
    out = pyramid_roi_align([level.bfloat16() for level in levels], BOXES, IMAGE, (7, 7), 2)
    torch.testing.assert_close(out.float(), torchvision_features(levels, (7, 7), 2), atol=0.05, rtol=0.05)


def test_boxes_get_no_gradient():
    boxes = BOXES.clone().requires_grad_()
    embedding_bag_roi_align(pyramid(), boxes, IMAGE, (7, 7)).sum().backward()
    assert boxes.grad is None


@pytest.mark.parametrize("gradient", [True, False])
def test_no_boxes(gradient):
    levels = [level if gradient else level.detach() for level in pyramid()]
    out = pyramid_roi_align(levels, torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), (4, 8), 1)
    assert out.shape == (0, 3, 4, 8)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_boxes_that_are_not_finite_raise_nothing(bad):
    """A diverged run is reported by its loss (`TrainingError`), not by an index error."""
    boxes = BOXES[:3].clone()
    boxes[0] = bad
    boxes[1] = torch.tensor([-torch.inf, 0.0, torch.inf, 10.0])
    out = embedding_bag_roi_align(pyramid(), boxes, IMAGE[:3], (7, 7))
    assert out.shape == (3, 3, 7, 7)
    assert out[2].isfinite().all()


@torch.no_grad()
def test_a_ramp_is_sampled_at_the_centres_of_bins():
    """The cells hold their x: a bin's value is its centre, in cells."""
    x = (torch.arange(64) + 0.5).expand(1, 1, 48, 64).contiguous()
    levels = [x, *(torch.zeros(1, 1, 48 // s, 64 // s) for s in (2, 4, 8))]
    boxes = torch.tensor([[16.0, 16.0, 72.0, 44.0]])  # 4..18 in cells
    out = pyramid_roi_align(levels, boxes, torch.zeros(1, dtype=torch.long), (2, 7), 2)
    torch.testing.assert_close(out[0, 0, 0], torch.tensor([5.0, 7, 9, 11, 13, 15, 17]))


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(("size", "samples"), [((7, 7), 1), ((7, 7), 2), ((4, 8), 2)])
@pytest.mark.parametrize("case", CASES)
def test_backends_agree(case, size, samples, name):
    boxes, levels = CASES[case], pyramid()
    image = torch.arange(len(boxes)) % 2
    expected = embedding_bag_roi_align(levels, boxes, image, size, samples)
    set_roi_align_backend(name)
    found = pyramid_roi_align(levels, boxes, image, size, samples)
    assert found.shape == (len(boxes), 3, *size)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    for a, b in zip(gradient_of(found, levels), gradient_of(expected, levels), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", BACKENDS)
def test_backends_for_levels_of_any_shape(name):
    """One level; levels that are not halves of each other."""
    torch.manual_seed(0)
    for shapes in ([(20, 24)], [(20, 10), (9, 7), (12, 8)]):
        levels = [torch.randn(2, 3, *shape) for shape in shapes]
        boxes = torch.tensor([[3.0, 5.0, 40.0, 33.0], [2.0, 8.0, 200.0, 300.0]])
        expected = embedding_bag_roi_align(levels, boxes, IMAGE[:2], (4, 8), 1)
        set_roi_align_backend(name)
        found = pyramid_roi_align(levels, boxes, IMAGE[:2], (4, 8), 1)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["auto", "embedding_bag", "grid_sample"])
@torch.no_grad()
def test_backends_keep_the_type_of_the_levels(name):
    set_roi_align_backend(name)
    levels = [level.bfloat16() for level in pyramid()]
    out = pyramid_roi_align(levels, BOXES, IMAGE, (7, 7), 2)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), torchvision_features(pyramid(), (7, 7), 2), atol=0.05, rtol=0.05)


def test_set_roi_align_backend():
    assert roi_align_backend() == "auto"
    for name in BACKENDS:
        set_roi_align_backend(name)
        assert roi_align_backend() == name
    with pytest.raises(ValueError, match="one of auto, embedding_bag, grid_sample, torchvision, not 'table'"):
        set_roi_align_backend("table")
    assert roi_align_backend() == "torchvision"


@torch.no_grad()
def test_default_backend_is_embedding_bag():
    out = pyramid_roi_align(pyramid(), BOXES, IMAGE, (7, 7), 2)
    assert out.equal(embedding_bag_roi_align(pyramid(), BOXES, IMAGE, (7, 7), 2))
