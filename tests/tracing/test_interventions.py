"""Interventions give what the formulas with the changed gate, mask or character give, bit for bit."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from spotter.model.spotter import SwinTextSpotter
from spotter.ops.rois import resample_masks
from spotter.tracing.interventions import (
    GATES,
    Intervention,
    forced_characters,
    gate_averaged,
    gate_detached,
    gate_off,
    keys_off,
    mask_off,
    read_with,
    reread,
    word_region,
)
from spotter.types import Reading, Regions

SUBSETS = list(chain.from_iterable(combinations(GATES, count) for count in range(4)))


def read_by_formula(
    model: SwinTextSpotter, regions: Regions, roi_features: Tensor, gates_off: tuple[str, ...], mask: bool
) -> Reading:
    """Equations of the paper, section 3.3, with gates of ones."""
    c, config = model.conversion, model.config

    def gate(name: str, d: Tensor) -> Tensor:
        return torch.ones_like(d) if name in gates_off else d.sigmoid()

    a1 = c.stem(roi_features)
    a2 = c.down1(a1)
    a3 = c.down2(a2)
    d1 = c.detection_features(a3, regions.attended_features)
    d2 = c.up_detection1(d1, a2.shape[2:]) + a2
    d3 = c.up_detection2(d2, a1.shape[2:]) + a1
    r1 = a3 * gate("M1", d1)
    r2 = (c.up_recognition1(r1, a2.shape[2:]) + a2) * gate("M2", d2)
    r3 = (c.up_recognition2(r2, a1.shape[2:]) + a1) * gate("M3", d3)
    features = model.two_level(c.output_block(r3, a1.shape[2:]).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    if mask:
        binary = regions.mask_k > config.mask_threshold
        over_roi = resample_masks(regions.rois, regions.boxes, binary, config.recognition_roi)
        features = features * over_roi[:, None]
    return model.reader(features)


@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize("gates_off", SUBSETS, ids="+".join)
@torch.inference_mode()
def test_gates_and_mask_off(tiny_spotter, trace, longest, gates_off, mask):
    interventions = [*map(gate_off, gates_off), *([] if mask else [mask_off()])]
    found = reread(tiny_spotter, trace, longest, interventions).reading
    expected = read_by_formula(
        tiny_spotter.model, *word_region(tiny_spotter, trace, longest), gates_off, mask
    )
    for name in ("ids", "probabilities", "attention", "encoded"):
        assert torch.equal(getattr(found, name), getattr(expected, name)), name


def test_every_intervention_changes_the_reading(tiny_spotter, trace, longest):
    unchanged = reread(tiny_spotter, trace, longest).reading.probabilities
    window = trace.config.two_level_window
    for intervention in (
        *map(gate_off, GATES),
        mask_off(),
        keys_off("fine", window),
        keys_off("coarse", window),
    ):
        changed = reread(tiny_spotter, trace, longest, [intervention]).reading.probabilities
        assert not torch.equal(changed, unchanged), intervention.module


def test_without_interventions_the_text_is_that_of_the_trace(tiny_spotter, trace):
    for i, word in enumerate(trace.words):
        again = reread(tiny_spotter, trace, i)
        assert again.text == word.text
        best = again.reading.probabilities[0].max(1).values.numpy()
        np.testing.assert_allclose(best, trace.top_probabilities[i, : len(best), 0], atol=5e-3)


def test_surprise_is_minus_log_p_of_the_text_and_its_end(tiny_spotter, trace, longest):
    found = reread(tiny_spotter, trace, longest)
    steps = min(len(found.text) + 1, found.reading.ids.shape[1])
    best = found.reading.probabilities[0, :steps].max(1).values
    assert found.surprise == pytest.approx(-best.log().sum().item(), rel=1e-5)


@pytest.mark.parametrize("gates", SUBSETS, ids="+".join)
def test_detached_gates_change_gradients_only(tiny_spotter, trace, longest, gates):
    regions, roi_features = word_region(tiny_spotter, trace, longest)
    regions.attended_features.requires_grad_()
    reading = read_with(tiny_spotter.model, regions, roi_features, map(gate_detached, gates))
    with torch.inference_mode():
        plain = read_with(tiny_spotter.model, regions, roi_features)
    assert torch.equal(reading.probabilities, plain.probabilities)
    loss = reading.probabilities.square().sum()
    (gradient,) = torch.autograd.grad(loss, regions.attended_features, allow_unused=True)
    reached = gradient is not None and bool(gradient.abs().sum() > 0)
    assert reached == (gates != GATES)  # each gate alone lets the gradient through


@pytest.mark.parametrize("count", [0, 1, 3])
@torch.inference_mode()
def test_forced_characters_are_fed_to_the_decoder(tiny_spotter, trace, longest, count):
    regions, roi_features = word_region(tiny_spotter, trace, longest)
    forced = [5, 7, 9][:count]
    found = read_with(tiny_spotter.model, regions, roi_features, [forced_characters(forced)])
    assert found.ids[0, :count].tolist() == forced
    assert torch.equal(found.ids[0, count:], found.probabilities[0, count:].argmax(-1))  # goes on by itself
    given = read_with(tiny_spotter.model, regions, roi_features, given=found.ids)
    assert torch.equal(found.probabilities, given.probabilities)


@torch.inference_mode()
def test_a_forced_end_ends_the_word(tiny_spotter, trace, longest):
    found = reread(tiny_spotter, trace, longest, [forced_characters([5, 0])])
    assert found.reading.ids.tolist() == [[5, 0]]
    assert len(found.text) == 1


@pytest.mark.parametrize("level", ["fine", "coarse"])
def test_keys_off_leaves_a_softmax_over_the_other_keys(level):
    torch.manual_seed(0)
    energy = torch.randn(3, 2, 4, 4 + 9)
    weights = keys_off(level, 2).change((energy,), energy.softmax(-1))
    fine, coarse = weights.split([4, 9], -1)
    removed, other = (fine, coarse) if level == "fine" else (coarse, fine)
    expected = (energy[..., 4:] if level == "fine" else energy[..., :4]).softmax(-1)
    assert removed.max() == 0
    torch.testing.assert_close(other, expected)


def test_hooks_are_removed_after_an_error(tiny_spotter, trace):
    regions, roi_features = word_region(tiny_spotter, trace, 0)
    failing = Intervention("conversion.gate3.sigmoid", lambda inputs, output: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read_with(tiny_spotter.model, regions, roi_features, [failing])
    assert not any(module._forward_hooks for module in tiny_spotter.model.modules())


def test_an_averaged_gate_is_the_same_everywhere(tiny_model):
    gate = torch.rand(2, 3, 4, 8)
    averaged = gate_averaged("M3").change((), gate)
    assert averaged.shape == gate.shape
    torch.testing.assert_close(averaged, gate.mean((2, 3), keepdim=True).expand_as(gate))
    assert tiny_model.get_submodule(gate_averaged("M3").module) is tiny_model.conversion.gate3.sigmoid
