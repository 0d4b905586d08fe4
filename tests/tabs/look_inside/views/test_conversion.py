"""Texts of the view of Recognition Conversion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spotter.explain.polygon_text import show_outlines
from spotter.explain.topics import conversion
from spotter.tabs.look_inside.views.conversion import describe_leakage


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
    assert (
        f"{leak.inside:.2f} on the word, {leak.outside:.2f} around it"
        in conversion.draw_gates(trace, 0, truth)[1]
    )
    full = replace(trace, mask_k=np.ones_like(trace.mask_k))
    assert "No background" in describe_leakage(full, 0)
    assert "M1 0." in conversion.draw_gates(full, 0)[1]  # the mean, where there is no inside and outside


def test_a_rotated_word_is_named(trace):
    rois = trace.rois.copy()
    rois[0] = [30, 40, 60, 20, np.radians(90)]
    assert "maps are rotated" in describe_leakage(replace(trace, rois=rois), 0)
    rois[0, 4] = 0
    assert "rotated" not in describe_leakage(replace(trace, rois=rois), 0)
