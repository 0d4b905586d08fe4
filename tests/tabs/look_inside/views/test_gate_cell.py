"""The formulas of Recognition Conversion with the numbers of one cell."""

from __future__ import annotations

import math

from spotter.explain.topics.conversion_steps import convert_word
from spotter.tabs.look_inside.views.gate_cell import describe_cell
from tests.tabs.look_inside.printed import adds_up, equations


def test_the_numbers_of_a_cell_add_up(tiny_spotter, trace):
    text = describe_cell(convert_word(tiny_spotter, trace, 0))
    logit, gate = text.partition("\\sigma(")[2].partition("$$")[0].split(") = ")
    assert f"{1 / (1 + math.exp(-float(logit))):.2f}" == gate
    (found,) = equations(text)
    assert adds_up(*found)
