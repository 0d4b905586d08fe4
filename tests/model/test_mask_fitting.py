"""Random word shapes and the components fitted to them."""

import numpy as np
import pytest
import torch

from spotter.model import mask_fitting
from spotter.model.mask_fitting import fit_mask_code, reconstruction_iou, word_masks, word_shapes
from spotter.ops.polygons import signed_area


@pytest.fixture(scope="module")
def masks():
    return word_masks(1500, seed=0)


@pytest.fixture(scope="module")
def code(masks):
    return fit_mask_code(masks)


def test_word_shapes():
    shapes = word_shapes(300, seed=0)
    assert {len(shape) for shape in shapes} == {4, 14}
    for shape in shapes:
        assert shape.dtype == np.float32
        assert np.isfinite(shape).all()
        assert shape.min() == 0
        assert signed_area(shape) > 0  # clockwise, y down
    again, other = word_shapes(300, seed=0), word_shapes(300, seed=1)
    assert all((a == b).all() for a, b in zip(shapes, again, strict=True))
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(shapes, other, strict=True))


def test_word_shapes_have_all_orientations():
    first = np.stack([shape[1] - shape[0] for shape in word_shapes(400, seed=0)])
    degrees = np.degrees(np.arctan2(first[:, 1], first[:, 0]))
    assert (np.histogram(degrees, bins=8, range=(-180, 180))[0] > 0).all()


def test_components_are_orthonormal_and_ordered(code):
    torch.testing.assert_close(code.components @ code.components.T, torch.eye(60), rtol=0, atol=1e-4)
    assert (code.explained_variance.diff() <= 0).all()
    assert code.explained_variance[-1] > 0
    largest = code.components.abs().argmax(1, keepdim=True)
    assert (code.components.gather(1, largest) > 0).all()  # the sign is fixed
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


def test_main_prints_the_reconstruction(capsys, monkeypatch):
    monkeypatch.setattr(mask_fitting, "EVALUATION_SHAPES", 30)
    assert mask_fitting.main(["--count", "200"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == "coefficients  mean IoU on 30 other shapes"
    assert [int(line.split()[0]) for line in lines] == [5, 10, 20, 40, 60]
    assert all(0.5 < float(line.split()[1]) <= 1 for line in lines)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--count", "0"], "--count must be at least 1, not 0."),
        (["--count", "many"], "invalid int value: 'many'"),
        (["--seed", "-1"], "--seed must be at least 0, not -1."),
    ],
)
def test_main_refuses_invalid_options(capsys, options, message):
    with pytest.raises(SystemExit) as stop:
        mask_fitting.main(options)
    assert stop.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(message)
