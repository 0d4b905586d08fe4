"""RoIAlign over the pyramid: the level rule, and our table form against torchvision's kernel."""

import pytest
import torch
from torchvision.ops import roi_align

from spotter.ops.roi_align import (
    BACKENDS,
    grid_sample_roi_align,
    torchvision_roi_align,
    assign_levels,
    assign_levels_by_size,
    pyramid_roi_align,
    roi_align_backend,
    set_roi_align_backend,
    embedding_bag_roi_align,
)

BOXES = torch.tensor(
    [
        [10.0, 20.0, 60.0, 40.0],
        [0.0, 0.0, 256.0, 192.0],
        [30.5, 7.25, 180.0, 150.0],
        [-40.0, -30.0, 50.0, 60.0],  # partly outside, left and above
        [200.0, 150.0, 330.0, 260.0],  # right and below
        [-300.0, 20.0, 600.0, 90.0],  # wider than the image
        [400.0, 400.0, 480.0, 480.0],  # wholly outside
        [-90.0, 20.0, -20.0, 90.0],
        [50.0, 50.0, 50.0, 50.0],  # no area
        [100.0, 100.0, 101.0, 180.0],
    ]
)
IMAGE = torch.arange(len(BOXES)) % 2
SIZES = [(7, 7), (4, 8)]
NAN_BOX = torch.tensor([[torch.nan, 10.0, 50.0, 60.0]])
INFINITE_BOX = torch.tensor([[-torch.inf, 0.0, torch.inf, 10.0]])
CASES = {  # boxes by what they are
    "all kinds": BOXES,
    "one": BOXES[2:3],
    "none": BOXES[:0],
    "outside of the image": BOXES[6:8],
    "not finite": torch.cat([BOXES[:2], NAN_BOX, INFINITE_BOX, BOXES[2:4]]),
}


@pytest.fixture(autouse=True)
def backend():
    yield
    set_roi_align_backend("auto")


def gradient_of(out: torch.Tensor, levels: list[torch.Tensor]) -> list[torch.Tensor]:
    """Of a sum with different weights; zeros where nothing depends on a level."""
    seed = torch.linspace(-1, 1, out.numel()).view_as(out)
    found = torch.autograd.grad(out, levels, seed, allow_unused=True)
    return [torch.zeros_like(a) if b is None else b for a, b in zip(levels, found, strict=True)]


def pyramid(height: int = 192, width: int = 256, channels: int = 3) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(2, channels, height // s, width // s, requires_grad=True) for s in (4, 8, 16, 32)]


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
def test_level_by_hand(width, height, level):
    assert assign_levels(torch.tensor([[7.0, 9.0, 7.0 + width, 9.0 + height]])).tolist() == [level]
    assert assign_levels_by_size(torch.tensor([float(height)]), torch.tensor([float(width)])).tolist() == [level]


@pytest.mark.parametrize(("canonical", "level"), [(112, 3), (224, 2), (448, 1), (896, 0), (1792, 0)])
@torch.no_grad()
def test_canonical_size_moves_the_level(canonical, level):
    """Who cuts, by table or by torchvision's kernel, looks at the level of the rule."""
    box, first = torch.tensor([[3.0, 5.0, 227.0, 229.0]]), torch.zeros(1, dtype=torch.long)
    assert assign_levels(box, 4, canonical).tolist() == [level]
    levels = [torch.full_like(cells, i) for i, cells in enumerate(pyramid(256, 256))]
    for align in (embedding_bag_roi_align, torchvision_roi_align, grid_sample_roi_align, pyramid_roi_align):
        cut = align(levels, box, first, (4, 8), 1, canonical)
        torch.testing.assert_close(cut, torch.full_like(cut, level))


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", range(4))
@torch.no_grad()
def test_table_is_torchvisions_on_each_level(level, size, samples):
    """Boxes shifted to the size of a level, so that every kind of box meets every level."""
    levels = pyramid(1024, 1280)
    boxes = BOXES * (0.2, 1.2, 3.0, 8.0)[level]
    boxes = boxes[assign_levels(boxes) == level]
    image = torch.arange(len(boxes)) % 2
    assert len(boxes)
    rois = torch.cat([image[:, None].float(), boxes], 1)
    expected = roi_align(levels[level], rois, size, 1 / (4 * 2**level), samples, aligned=True)
    ours = embedding_bag_roi_align(levels, boxes, image, size, samples)
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)


def torchvisions(levels: list[torch.Tensor], size: tuple[int, int], samples: int) -> torch.Tensor:
    """What torchvision sees in each of BOXES, on the level of its size."""
    rois = torch.cat([IMAGE[:, None].float(), BOXES], 1)
    return torch.cat(
        [
            roi_align(levels[level], roi[None], size, 1 / (4 * 2**level), samples, aligned=True)
            for roi, level in zip(rois, assign_levels(BOXES).tolist(), strict=True)
        ]
    )


@pytest.mark.parametrize("gradient", [True, False])
@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_each_box_is_read_on_its_level(size, samples, gradient):
    levels = [level.requires_grad_(gradient) for level in pyramid()]
    assert len(assign_levels(BOXES).unique()) > 1
    out = pyramid_roi_align(levels, BOXES, IMAGE, size, samples)
    assert out.requires_grad == gradient
    torch.testing.assert_close(out, torchvisions(levels, size, samples), atol=1e-5, rtol=1e-5)


def test_gradient_is_torchvisions():
    levels, seed = pyramid(), torch.randn(len(BOXES), 3, 7, 7)
    ours = torch.autograd.grad(embedding_bag_roi_align(levels, BOXES, IMAGE, (7, 7), 2), levels, seed)
    theirs = torch.autograd.grad(torchvisions(levels, (7, 7), 2), levels, seed, allow_unused=True)
    assert sum(g is not None for g in theirs) > 1
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, torch.zeros_like(a) if b is None else b, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_bfloat16():
    levels = pyramid()
    out = pyramid_roi_align([level.bfloat16() for level in levels], BOXES, IMAGE, (7, 7), 2)
    torch.testing.assert_close(out.float(), torchvisions(levels, (7, 7), 2), atol=0.05, rtol=0.05)


def test_no_gradient_reaches_the_boxes():
    boxes = BOXES.clone().requires_grad_()
    embedding_bag_roi_align(pyramid(), boxes, IMAGE, (7, 7)).sum().backward()
    assert boxes.grad is None


@pytest.mark.parametrize("gradient", [True, False])
def test_zero_boxes(gradient):
    levels = [level if gradient else level.detach() for level in pyramid()]
    out = pyramid_roi_align(levels, torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), (4, 8), 1)
    assert out.shape == (0, 3, 4, 8)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_boxes_that_are_not_finite_do_not_stop_training(bad):
    """The loss is what tells of them (`TrainingError`), not an index error in here."""
    boxes = BOXES[:3].clone()
    boxes[0] = bad
    boxes[1] = torch.tensor([-torch.inf, 0.0, torch.inf, 10.0])
    out = embedding_bag_roi_align(pyramid(), boxes, IMAGE[:3], (7, 7))
    assert out.shape == (3, 3, 7, 7)
    assert out[2].isfinite().all()


@torch.no_grad()
def test_a_ramp_is_read_at_the_bins_centres():
    """A level that holds x at each cell's centre: a bin's value is its centre, in cells."""
    x = (torch.arange(64) + 0.5).expand(1, 1, 48, 64).contiguous()
    levels = [x, *(torch.zeros(1, 1, 48 // s, 64 // s) for s in (2, 4, 8))]
    boxes = torch.tensor([[16.0, 16.0, 72.0, 44.0]])  # 4..18 in cells
    out = pyramid_roi_align(levels, boxes, torch.zeros(1, dtype=torch.long), (2, 7), 2)
    torch.testing.assert_close(out[0, 0, 0], torch.tensor([5.0, 7, 9, 11, 13, 15, 17]))


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(("size", "samples"), [((7, 7), 1), ((7, 7), 2), ((4, 8), 2)])
@pytest.mark.parametrize("case", CASES)
def test_all_backends_agree(case, size, samples, name):
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
    """One level; levels that are no halves of each other."""
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
def test_the_type_of_the_levels_stays(name):
    set_roi_align_backend(name)
    levels = [level.bfloat16() for level in pyramid()]
    out = pyramid_roi_align(levels, BOXES, IMAGE, (7, 7), 2)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), torchvisions(pyramid(), (7, 7), 2), atol=0.05, rtol=0.05)


def test_the_backend_is_chosen_by_name():
    assert roi_align_backend() == "auto"
    for name in BACKENDS:
        set_roi_align_backend(name)
        assert roi_align_backend() == name
    with pytest.raises(ValueError, match="one of auto, embedding_bag, grid_sample, torchvision, not 'table'"):
        set_roi_align_backend("table")
    assert roi_align_backend() == "torchvision"


@torch.no_grad()
def test_the_default_on_a_cpu_is_the_table():
    out = pyramid_roi_align(pyramid(), BOXES, IMAGE, (7, 7), 2)
    assert out.equal(embedding_bag_roi_align(pyramid(), BOXES, IMAGE, (7, 7), 2))
