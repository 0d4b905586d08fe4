"""Windows of the Swin backbone: attention, masks and theoretical receptive fields."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from spotter.explain import canvas
from spotter.explain.topics import windows
from spotter.tracing import trace_cache
from spotter.tracing.recorder import network_image

BLOCKS = [(0, 0), (1, 0), (1, 1), (2, 0), (3, 0)]  # of the tiny spotter


@pytest.mark.parametrize(("stage", "block"), BLOCKS)
def test_attention_is_what_the_block_computes(tiny_spotter, trace, stage, block):
    at = windows.token_window(trace, stage, block, np.array([70.0, 50.0]))
    weights = windows.attention(tiny_spotter, trace, at)
    assert weights.shape == (trace.config.heads[stage], trace.config.window**2)
    np.testing.assert_allclose(weights.sum(1), 1, atol=2e-3)
    assert (weights[:, at.masked & ~at.padding] == 0).all()
    side = trace.config.window
    own = at.rows[at.index // side], at.columns[at.index % side]
    assert own == at.token
    x, y = 70 // at.stride, 50 // at.stride
    assert at.token == (y, x)


def test_masked_tokens_come_from_the_other_side(trace):
    at = windows.token_window(trace, 1, 1, np.array([0.0, 0.0]))
    side, shift = trace.config.window, trace.config.window // 2
    assert at.masked.sum() == side * side - shift * shift
    alt = windows.draw_photo(trace, at, np.full((2, side * side), 0.1))[1]
    assert f"{int((at.masked & ~at.padding).sum())} of them masked" in alt
    assert not windows.token_window(trace, 1, 0, np.array([0.0, 0.0])).masked.any()


def test_block_inputs_are_cached_for_a_new_trace_and_computed_for_a_stored_one(tiny_spotter, photographs):
    traced = tiny_spotter.trace(photographs[0], 1.0)
    cached = trace_cache.get(traced, "tokens")
    computed = windows.block_inputs(tiny_spotter, replace(traced))  # a copy has an empty cache
    assert len(cached) == len(computed) == sum(traced.config.depths)
    for (stage, _), mine, again in zip(
        windows.block_list(traced.config.depths), cached, computed, strict=True
    ):
        assert mine.shape[-1] == traced.config.embed_dim * 2**stage
        np.testing.assert_allclose(mine, again, atol=2e-2)  # the stored photo is rounded to bytes


def test_attention_of_the_same_window_is_not_computed_again(tiny_spotter, trace, monkeypatch):
    at = windows.token_window(trace, 1, 1, np.array([40.0, 40.0]))
    first = windows.attention(tiny_spotter, trace, at)
    monkeypatch.setattr(windows, "window_attention", None)
    np.testing.assert_array_equal(windows.attention(tiny_spotter, trace, at), first)


@pytest.mark.parametrize(("stage", "block"), BLOCKS)
@pytest.mark.parametrize("point", [(0.0, 0.0), (70.0, 50.0), (127.0, 95.0)])
def test_a_token_of_the_window_is_linked_to_its_point_on_the_photo(trace, stage, block, point):
    """Also in windows of a rolled map, which lie on the photo in several pieces."""
    at = windows.token_window(trace, stage, block, np.array(point))
    weights = np.full((2, len(at.masked)), 0.1)
    picture, side = windows.draw_photo(trace, at, weights)[0], len(at.rows)
    panels = [panel for panel in canvas.panels_of(picture) if panel.link == "window"]
    for row in range(side):
        for column in range(side):
            u, v = (column + 0.5) / side, (row + 0.5) / side
            (own,) = [p for p in panels if p.part[0] <= u < p.part[2] and p.part[1] <= v < p.part[3]]
            x, y = (
                own.box[i]
                + (w - own.part[i]) / (own.part[i + 2] - own.part[i]) * (own.box[i + 2] - own.box[i])
                for i, w in enumerate((u, v))
            )
            assert (int(y // at.stride), int(x // at.stride)) == (at.rows[row], at.columns[column])
    heads = canvas.panels_of(windows.draw_heads(trace, at, weights)[0])
    assert [panel.link for panel in heads] == ["window"] * 3  # the photo and two heads


@pytest.mark.parametrize(("stage", "block"), BLOCKS)
@pytest.mark.parametrize("point", [(0.0, 0.0), (70.0, 50.0), (127.0, 95.0)])
def test_the_theoretical_box_is_exactly_where_the_gradient_is(tiny_spotter, trace, stage, block, point):
    """The gradient of the token after the block is there in the whole rectangle, and only there."""
    at = windows.token_window(trace, stage, block, np.array(point))
    model, outputs = tiny_spotter.model, []
    hook = model.backbone.stages[stage][block].register_forward_hook(lambda m, i, o: outputs.append(o))
    with torch.enable_grad():
        batch = model.pad([network_image(trace.image, tiny_spotter.device)])[0].requires_grad_()
        model.backbone(batch)
        hook.remove()
        # random weights along the channels: their plain sum is next to constant behind a LayerNorm
        mix = torch.linspace(-1, 1, outputs[0].shape[-1])
        (slope,) = torch.autograd.grad((outputs[0][0, at.token[0], at.token[1]] * mix).sum(), batch)
    size = slope[0].abs().sum(0)[: trace.image.shape[0], : trace.image.shape[1]].numpy()
    ys, xs = np.nonzero(size > size.max() * 1e-12)
    assert [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1] == windows.theoretical_box(trace, at).tolist()


def test_effective_count_of_even_and_of_peaked_attention():
    assert windows.effective_count(np.full(64, 1 / 64)) == pytest.approx(64)
    assert windows.effective_count(np.eye(64)[3]) == pytest.approx(1)
