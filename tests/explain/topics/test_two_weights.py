"""Two traces of one photo side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.explain.canvas import panels_of
from spotter.explain.polygon_text import show_outline
from spotter.explain.topics import two_weights
from spotter.explain.topics.proposals import proposal_of
from spotter.explain.topics.two_weights import Pair, same_word, settled_at

NAMES = ("nano", "round 3")


@pytest.fixture
def pair(trace, longest) -> Pair:
    """The second reads another text."""
    words = list(trace.words)
    words[longest] = replace(words[longest], text=words[longest].text[:-1], reading_score=0.25)
    return Pair.of(trace, replace(trace, words=words), NAMES, longest)


def moved(trace):
    """The words are elsewhere."""
    words = [replace(word, polygon=[[x + 1e4, y] for x, y in word.polygon]) for word in trace.words]
    return replace(trace, words=words)


def test_the_same_word_is_that_which_overlaps_most(trace, empty_trace):
    for word in range(len(trace.words)):
        found = same_word(trace, word, trace)
        assert found is not None
        assert trace.words[found].polygon == trace.words[word].polygon
    assert same_word(trace, 0, empty_trace) is None
    assert same_word(trace, 0, moved(trace)) is None


def test_without_a_word_proposals_are_followed_by_their_place(trace, empty_trace):
    pair = Pair.of(empty_trace, empty_trace, NAMES, None)
    assert pair.sides == []
    assert two_weights.second_proposal(pair, 3) == 3
    picture, alt = two_weights.draw_stages(pair, 3, 1, frozenset())
    assert alt.startswith("nano: ")
    assert "round 3: " in alt
    assert [panel.link for panel in panels_of(picture)] == ["photo", "photo"]
    assert "nano has found this box" in two_weights.compare_stages(pair, 3)


def test_a_word_that_the_second_weights_do_not_find(trace):
    pair = Pair.of(trace, moved(trace), NAMES, 0)
    own = proposal_of(trace, 0)
    assert two_weights.second_proposal(pair, own) is None
    sentences = {
        two_weights.compare_stages(pair, own),
        two_weights.compare_conversion(pair, ""),
        two_weights.compare_attention(pair, 0, 0),
        two_weights.compare_reading(pair),
    }
    assert sentences == {"round 3 finds no word here."}
    for picture, alt in (
        two_weights.draw_stages(pair, own, 1, frozenset()),
        two_weights.draw_conversion(pair),
        two_weights.draw_attention(pair, 0, 0),
        two_weights.draw_reading(pair, 0),
    ):
        assert picture.width < 2 * two_weights.WIDTH
        assert "round 3" not in alt


def test_the_same_weights_do_not_differ(trace, longest):
    pair = Pair.of(trace, trace, NAMES, longest)
    assert "an IoU of 1.00" in two_weights.compare_stages(pair, proposal_of(trace, longest))
    assert two_weights.compare_reading(pair).startswith(f"Both read {trace.words[longest].text}: ")
    truth = f"{show_outline(np.asarray(trace.words[longest].polygon) + 2)} WORD"
    sentence = two_weights.compare_conversion(pair, truth)
    assert sentence.endswith(("Both clean this word about as well.", "nothing around it to compare."))


def test_a_box_is_found_from_the_stage_on_that_overlaps_the_final_one(trace):
    boxes = trace.boxes.copy()
    boxes[:, 0] = [[0, 0, 10, 10], [0, 0, 40, 38], [0, 0, 40, 40]]
    assert settled_at(replace(trace, boxes=boxes), 0) == 1
    boxes[1, 0] = [0, 0, 10, 10]
    assert settled_at(replace(trace, boxes=boxes), 0) == 2


def test_readings_part_at_the_first_character_that_differs(pair, longest):
    text = pair.first.words[longest].text
    sentence = two_weights.compare_reading(pair)
    assert sentence.endswith(f"round 3 {text[:-1]} (0.25); they part at character {len(text)}.")


def test_each_picture_has_both_sides_with_their_values(pair):
    for picture, alt in (
        two_weights.draw_conversion(pair),
        two_weights.draw_attention(pair, 0, 5),
        two_weights.draw_reading(pair, 99),
    ):
        assert picture.width >= 2 * two_weights.WIDTH
        assert alt.startswith("nano: ")
        assert " round 3: " in alt
    gates, _ = two_weights.draw_conversion(pair)
    assert len([panel for panel in panels_of(gates) if panel.values is not None]) == 2 * 4
    assert "of the attention of this cell" in two_weights.compare_attention(pair, 9, 5).lower()
