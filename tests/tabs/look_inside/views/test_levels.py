"""Texts of the view of the pyramid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain import layer_table
from spotter.explain.topics import levels
from spotter.tabs.look_inside.views.levels import describe_layers, describe_rule


@pytest.mark.parametrize(("canonical", "reader"), [(224.0, None), (2.0, 3)])
def test_the_rule_names_the_levels_of_stages_and_reader(trace, canonical, reader):
    known = replace(trace, config=replace(trace.config, recognition_canonical=canonical))
    stages = levels.level_rule(known.box(0))[1]
    text = describe_rule(known, 0)
    assert f"The stages pool it from **P{stages + 2}**" in text
    end = "." if reader is None else f": its rule has {canonical:.0f} in place of 224"
    assert f"The reader pools it from **P{(stages if reader is None else reader) + 2}**{end}" in text


def test_the_rule_of_a_tilted_word_names_its_own_rectangle(trace):
    boxes, rois = trace.boxes.copy(), trace.rois.copy()
    boxes[-1, trace.proposal_index[0]] = [0, 0, 240, 220]  # P4 by the rule
    rois[0] = [120, 110, 300, 30, np.radians(40)]  # P2
    text = describe_rule(replace(trace, boxes=boxes, rois=rois), 0)
    assert "The stages pool it from **P4**" in text
    assert "The reader pools it from **P2**, in a rectangle along the word, 300 × 30 pixels" in text


def test_the_table_counts_the_regions(tiny_spotter, empty_trace):
    assert "0 regions" in describe_layers(layer_table.layers_of(tiny_spotter, empty_trace))
