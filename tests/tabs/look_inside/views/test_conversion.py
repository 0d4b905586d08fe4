"""Texts of the view of Recognition Conversion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spotter.explain.polygon_text import show_outlines
from spotter.explain.topics import conversion, conversion_steps
from spotter.tabs.look_inside.views.conversion import describe_claims, describe_leakage, describe_reading


def shifted(trace, word: int, shift: float) -> str:
    """The word's outline as a true line, moved to the right by a part of its width."""
    polygon = np.asarray(trace.words[word].polygon)
    return show_outlines([("true", polygon + np.array([shift * np.ptp(polygon[:, 0]), 0]))])


def test_leakage_is_shown_with_its_numbers_or_why_there_is_none(trace):
    truth = shifted(trace, 0, 0.1)
    leak = conversion.leakage(trace, 0, "m2", conversion.true_polygon(trace, 0, truth))
    text = describe_leakage(trace, 0, truth)
    assert f"| M2 | {leak.inside:.3f} | {leak.outside:.3f} |" in text
    assert "IoU with its true outline" in text
    full = replace(trace, mask_k=np.ones_like(trace.mask_k))
    assert "No background" in describe_leakage(full, 0)


def test_a_rotated_word_is_named(trace):
    rois = trace.rois.copy()
    rois[0] = [30, 40, 60, 20, np.radians(90)]
    assert "maps are rotated" in describe_leakage(replace(trace, rois=rois), 0)
    rois[0, 4] = 0
    assert "rotated" not in describe_leakage(replace(trace, rois=rois), 0)


def test_claims_stand_beside_what_was_computed(tiny_spotter, trace):
    steps = conversion_steps.convert_word(tiny_spotter, trace, 0)
    text = describe_claims(trace, 0, steps, {"none": (0.25, 1.0), "all": (0.0, 1.0)})
    assert conversion_steps.summarise(trace, 0, steps) in text
    assert "0.25 at the proposal feature, 0 with the gates detached" in text


def test_a_gate_can_be_its_mean_instead_of_open(tiny_spotter, trace, longest):
    texts = {
        describe_reading(tiny_spotter, trace, longest, {"maskK"}, averaged=averaged)
        for averaged in (False, True)
    }
    assert len(texts) == 2
    assert all(text.startswith("Without M1, M2, M3") for text in texts)
