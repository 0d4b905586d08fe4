"""Printed equations add up, in every view."""

from __future__ import annotations

import math
import re

import pytest

from spotter.explain.equations import agreeing, in_brackets, signed
from spotter.explain.polygon_text import words_read
from spotter.tabs.look_inside.view import first_value
from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.look_inside.views.levels import rule_texts
from tests.tabs.look_inside.printed import adds_up, equations, texts_of

COUNTS = {"stages": 4, "pyramid": 2, "start": 2, "matching": 1, "stage": 2, "windows": 2, "attention": 1}


def test_operands_get_digits_until_they_give_the_result():
    texts, result = agreeing(lambda c, d, s: c + d * s, (758.49, 0.0004, 371.2), (0, 3, 0), 0)
    assert (texts, result) == (["758.5", "0.0004", "371.2"], "759")
    assert agreeing(lambda a: a, [-0.001], [2], 2) == (["0.00"], "0.00")


@pytest.mark.parametrize(
    ("text", "summand", "factor"), [("0.5", "+ 0.5", "0.5"), ("-0.5", "- 0.5", "(-0.5)")]
)
def test_signs(text, summand, factor):
    assert (signed(text), in_brackets(text)) == (summand, factor)


def test_wrong_equations_are_found():
    assert equations("$$c = 758 + 0.000 \\cdot 371 = 759$$") == [("758 + 0.000 \\cdot 371", "759")]
    assert not adds_up("758 + 0.000 \\cdot 371", "759")
    rule = "$$4 + \\log_2 \\tfrac{\\sqrt{373 \\cdot 134}}{224} = 4 + \\log_2 \\tfrac{112}{224} = 4.00$$"
    assert [adds_up(*pair) for pair in equations(rule)] == [True, False]
    assert equations("16 + 9 = 26 keys and 512 · 25 = 12,800") == [("16 + 9", "26"), ("512 · 25", "12,800")]
    assert adds_up("512 · 25", "12,800")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_all_equations_of_a_view_add_up(frames, trace, view):
    frame = frames[view]
    found = []
    for word in range(len(trace.words)):
        shared = frame.shared
        values = {component: first_value(component) for component in frame.inputs}
        values |= {shared.trace: trace, shared.word: word, shared.picked: None}
        values[shared.truth] = words_read(trace, 0)
        for text in texts_of(frame.show(values)):
            found += equations(text)
            assert not re.search(r"[-−]0\.0+(?!\d)", text), text
    assert len(found) >= COUNTS.get(view.name, 0)
    assert [pair for pair in found if not adds_up(*pair)] == []


def test_a_value_just_below_a_level_is_not_printed_as_the_level():
    w, h = 373.3, 134.2
    value = 4 + math.log2(math.sqrt(w * h) / 224)
    assert f"{value:.2f}" == "4.00"
    sides, root, shown = rule_texts(w, h, value)
    assert math.floor(float(shown)) == 3
    assert adds_up(f"4 + \\log_2 \\tfrac{{\\sqrt{{{sides[0]} \\cdot {sides[1]}}}}}{{224}}", shown)
    assert adds_up(f"4 + \\log_2 \\tfrac{{{root}}}{{224}}", shown)
