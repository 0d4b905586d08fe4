"""Pictures of a word in looser crops."""

from __future__ import annotations

import numpy as np

from spotter.evaluation.two_stage import Strip
from spotter.explain.crop_looseness import FACTORS, LooseCrop, Looseness
from spotter.explain.topics.loose_crop import draw_loose_crop


def measured_for(trace, strip: Strip | None, theirs: str | None) -> Looseness:
    """The same for every factor, of the first word."""
    crop = LooseCrop(strip, trace.rois[0], trace.masked_energy[0])
    rows = [["OURS"] for _ in FACTORS]
    return Looseness(
        ["TRUE"],
        rows,
        None if theirs is None else [[theirs] for _ in FACTORS],
        [0],
        [[crop] for _ in FACTORS],
    )


def test_a_word_that_was_not_measured_has_no_picture(trace):
    assert draw_loose_crop(trace, None, 0, 1.0) is None
    assert draw_loose_crop(trace, measured_for(trace, None, None), 1, 1.0) is None


def test_what_the_crnn_reads_is_named_only_if_it_ran(trace):
    factor = float(FACTORS[2])
    alone, alt = draw_loose_crop(trace, measured_for(trace, None, None), 0, factor)
    assert alt == f"Word 1 cropped {factor:g} times as large: ours reads OURS."
    strip = Strip(np.zeros((4, 2)), np.zeros((64, 120), np.uint8), "THEIRS", 0.5)
    both, alt = draw_loose_crop(trace, measured_for(trace, strip, "THEIRS"), 0, factor)
    assert alt.endswith("ours reads OURS, the CRNN THEIRS.")
    assert both.height > alone.height
