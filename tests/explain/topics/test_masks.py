"""Masks encoded in a few coefficients."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.explain.topics import masks


def test_mask_iou_rises_with_the_coefficients(tiny_spotter, trace):
    curved = np.array(
        [[10, 30], [40, 10], [80, 8], [110, 28], [104, 44], [78, 26], [42, 28], [18, 46]], float
    )
    coded = masks.code_polygon(trace, tiny_spotter.model.mask_code, curved)
    assert coded.ious[-1] > coded.ious[0]
    smooth = np.convolve(coded.ious, np.ones(5) / 5, "valid")
    assert (np.diff(smooth) > -0.02).all()
    logits = lambda p: np.log(p / (1 - p))  # noqa: E731
    target = logits(np.clip(coded.mask, 0.03, 0.97))
    errors = [float(np.square(logits(one.clip(1e-6, 1 - 1e-6)) - target).sum()) for one in coded.decoded]
    assert (np.diff(errors) <= 1e-2 * errors[0]).all()  # every component helps, exactly: they are orthogonal


def test_the_loss_is_that_of_training(tiny_spotter, trace):
    import torch

    from spotter.training.losses import dice_loss

    code = tiny_spotter.model.mask_code
    coded = masks.code_polygon(trace, code, trace.polygon(0))
    loss = masks.mask_loss(trace, code, 0, coded)
    vector = torch.from_numpy(trace.mask_vectors[-1, trace.proposal_index[0]])
    predicted, true = code.decode(vector).flatten(), torch.from_numpy(coded.mask).float().flatten()
    assert loss.dice == pytest.approx(float(dice_loss(predicted, true)), abs=1e-5)
    assert loss.l2 == pytest.approx(
        float((vector - code.encode(true.view(code.size, code.size))).square().mean()), rel=1e-4
    )
