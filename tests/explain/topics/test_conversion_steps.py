"""The steps of Recognition Conversion, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain.topics import conversion_steps
from spotter.explain.topics.conversion_steps import Steps, summarise, verdict


@pytest.fixture
def steps(tiny_spotter, trace) -> Steps:
    return conversion_steps.convert_word(tiny_spotter, trace, 0)


def left_half(trace):
    """The trace with words that fill the left half of their crop."""
    x1, y1, x2, y2 = trace.box(0)
    rois = trace.rois.copy()
    rois[0] = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, 0]
    mask = np.zeros_like(trace.mask_k)
    mask[:, :, : mask.shape[2] // 2] = 1
    return replace(trace, mask_k=mask, rois=rois)


def test_they_are_those_of_the_trace(trace, steps):
    for i, name in enumerate(("m1", "m2", "m3")):
        assert steps.gates[i].mean(0) == pytest.approx(getattr(trace, name)[0].astype(float), abs=0.01)
    assert conversion_steps.energy(steps.output) == pytest.approx(
        trace.conversion_energy[0].astype(float), rel=0.05, abs=0.02
    )


def test_they_follow_the_formulas(steps):
    for i in range(3):
        assert steps.gates[i] == pytest.approx(1 / (1 + np.exp(-steps.d[i])), abs=0.01)
    assert steps.r[0] == pytest.approx(steps.a[0] * steps.gates[0], abs=0.02)
    assert [a.shape[1:] for a in steps.a] == [(2, 4), (4, 8), (8, 16)]


def test_channels_on_and_around_the_word(trace, steps):
    gate = np.full((2, 8, 16), 0.2, np.float32)
    gate[0, :, :8] = 0.9
    gate[1, :, 8:] = 0.6
    found = conversion_steps.contrast(left_half(trace), 0, gate)
    assert found.difference == pytest.approx([0.7, -0.4], abs=1e-5)
    _, alt = conversion_steps.draw_channels(gate, found, "M3")
    assert "from +0.70 to -0.40" in alt


def test_a_word_that_fills_its_crop_has_no_contrast(trace, steps):
    known = left_half(trace)
    full = replace(known, mask_k=np.ones_like(trace.mask_k))
    assert conversion_steps.contrast(full, 0, steps.gates[2]) is None
    assert conversion_steps.energy_ratios(full, 0, steps) == {}
    assert conversion_steps.draw_energy({}) is None
    assert summarise(full, 0, steps) == "The word fills its crop, so there is no background to dim."


@pytest.mark.parametrize(
    ("on", "around", "says"), [(0.9, 0.5, "more open"), (0.5, 0.9, "less open"), (0.5, 0.5, "about as open")]
)
def test_the_sentence_follows_the_numbers(trace, steps, on, around, says):
    gate = np.full_like(steps.gates[2], around)
    gate[:, :, : gate.shape[2] // 2] = on
    text = summarise(left_half(trace), 0, replace(steps, gates=[*steps.gates[:2], gate]))
    assert says in text
    assert f"({on:.2f})" in text


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ((1, 2, 4), "both the gates and maskK dim"),
        ((1, 2, 2), "maskK adds nothing"),
        ((1, 1, 5), "it is maskK that dims"),
        ((2, 1, 1), "neither the gates nor maskK"),
    ],
)
def test_what_cleans_is_named(ratios, expected):
    assert expected in verdict(*ratios)


def test_levels_are_drawn_at_their_sizes(trace, steps):
    picture, alt = conversion_steps.draw_steps(trace, 0, steps)
    sizes = {tuple(panel.box[2:]) for panel in picture.info["panels"]}
    widths = {panel.box[2] - panel.box[0] for panel in picture.info["panels"]}
    assert len(widths) == 3
    assert sizes
    assert "M1" in alt
