"""maskK's coding against the published model's numbers and against cases done by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from spotter.model.mask_code import EPSILON, MaskCode

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def losses():
    return {key: torch.from_numpy(value) for key, value in np.load(GOLDEN / "losses.npz").items()}


def test_encode_matches_published_model(golden_code, losses):
    torch.testing.assert_close(
        golden_code.encode(losses["target.0.masks"]), losses["encoded.0"], rtol=1e-4, atol=1e-5
    )


def test_decode_matches_published_model(golden_code, losses):
    decoded = golden_code.decode(losses["pred.mask_vectors"][0])
    assert decoded.shape == (24, 28, 28)
    torch.testing.assert_close(decoded.flatten(1), losses["decoded.0"], rtol=1e-4, atol=1e-5)


def test_complete_code_returns_the_mask():
    code = MaskCode(size=3, coefficients=9)
    code.components.copy_(torch.eye(9))
    code.explained_variance.fill_(4.0)
    code.mean.fill_(0.5)
    mask = torch.tensor([[[1, 0, 0], [1, 1, 0], [0, 0, 1]]])
    vector = code.encode(mask)
    top_left = (
        np.log((1 - EPSILON) / EPSILON) - 0.5
    ) / 2  # logit, less the mean, over the standard deviation
    assert vector[0, 0].item() == pytest.approx(top_left, rel=1e-5)
    torch.testing.assert_close(code.decode(vector), mask.float().clamp(EPSILON, 1 - EPSILON))


@pytest.mark.parametrize("lead", [(0,), (1,), (2, 3), (2, 0)])
def test_leading_dimensions(golden_code, lead):
    masks = torch.randint(0, 2, (*lead, 28, 28), dtype=torch.uint8)
    vectors = golden_code.encode(masks)
    assert vectors.shape == (*lead, 60)
    assert golden_code.decode(vectors).shape == masks.shape


def test_an_unfitted_code_is_finite_and_not_fitted(golden_code):
    code = MaskCode()
    assert not code.fitted
    assert golden_code.fitted
    vectors = code.encode(torch.ones(2, 28, 28))
    assert (vectors == 0).all()
    assert (code.decode(vectors) == 0.5).all()


def test_the_code_is_saved_and_not_trained(golden_code):
    assert set(golden_code.state_dict()) == {"components", "explained_variance", "mean"}
    assert not list(golden_code.parameters())
