"""Receptive fields by gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotter.explain import gradient_field
from spotter.tracing.recorder import network_image


def test_other_dilations_do_not_change_the_model(tiny_spotter, trace):
    block = tiny_spotter.model.dilated[1]
    before = [(layer.dilation, layer.padding) for layer in block.layers if hasattr(layer, "dilation")]
    fields = gradient_field.receptive_fields(tiny_spotter, trace, 1, (5, 6), [(1, 1, 1), (2, 4, 1), None])
    after = [(layer.dilation, layer.padding) for layer in block.layers if hasattr(layer, "dilation")]
    assert before == after
    assert before[0] == ((2, 2), (2, 2))
    assert set(gradient_field.cached_variants(trace, 1, (5, 6))) == {(1, 1, 1), (2, 4, 1), None}
    assert gradient_field.cached_variants(trace, 1, (5, 7)) == []
    assert not np.array_equal(fields[0].heat, fields[1].heat)
    assert all(parameter.grad is None for parameter in tiny_spotter.model.parameters())


def test_the_trained_dilations_are_the_models_own_level(tiny_spotter, trace):
    model, block = tiny_spotter.model, tiny_spotter.model.dilated[2]
    with torch.inference_mode():
        levels_ = model.fpn(model.backbone(model.pad([network_image(trace.image, tiny_spotter.device)])[0]))
        mine = gradient_field.with_block(levels_[2], block, trace.config.dilations)
        np.testing.assert_array_equal(mine, model.add_dilated_context(levels_)[2])


def test_squares_contain_their_share():
    gradient = np.zeros((96, 128), np.float32)
    gradient[40:44, 60:64] = 1.0  # the cell itself
    gradient[0, 0] = 0.1
    field = gradient_field.to_field(gradient, 0, (10, 15))
    assert field.side(0.5) == 4
    assert field.side(0.99) == 4
    assert field.side(1.0) == 124
    assert field.heat.sum() == pytest.approx(1)
    assert field.within[-1] == pytest.approx(1)
    nothing = gradient_field.to_field(np.zeros((8, 8), np.float32), 0, (0, 0))
    assert nothing.side(0.5) == 0


def test_all_photos_have_equal_weight_in_the_mean(tiny_spotter, trace, photographs):
    one = gradient_field.receptive_fields(tiny_spotter, trace, 2, (2, 3), [None])[0]
    reports = []
    both = gradient_field.receptive_fields(
        tiny_spotter,
        trace,
        2,
        (2, 3),
        [None],
        [photographs[1]],
        lambda part, desc: reports.append((part, desc)),
    )[0]
    assert both.heat.sum() == pytest.approx(1, abs=1e-4)
    assert not np.array_equal(one.heat, both.heat)
    assert [part for part, _ in reports] == [0, 0.5]
    other = gradient_field.to_field(
        gradient_field.gradients(tiny_spotter, stretched(photographs[1], trace), 2, (2, 3), [None])[0],
        2,
        (2, 3),
    )
    np.testing.assert_allclose(both.heat, (one.heat + other.heat) / 2, atol=1e-7)


def stretched(photo: np.ndarray, trace) -> np.ndarray:
    import cv2

    return cv2.resize(photo, trace.image.shape[1::-1], interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("text", ["", None, "2-4", "2-4-1-1", "0-1-1", "17-1-1", "a-b-c", "1--1-1", "-1-1-1"])
def test_text_that_is_not_dilations_gives_none(text):
    assert gradient_field.parse_dilations(text, 3) is None


def test_dilations_are_parsed():
    assert gradient_field.parse_dilations(" 3-6-1 ", 3) == (3, 6, 1)
    assert gradient_field.parse_dilations("1, 2, 3", 3) == (1, 2, 3)
