"""Words that the network is not sure of, with known words."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from spotter import rereading
from spotter.known_words import KnownWords
from spotter.model.beam_search import Candidate
from spotter.predictor import Spotter
from spotter.rereading import CONFIDENT_READING, reread
from spotter.types import Character, Word

BOX = [[0.0, 0], [9, 0], [9, 3]]
CHARACTERS = "tesla3"
OWN, KNOWN = [1, 2, 3, 6], [1, 2, 3, 4, 5]  # tes3, tesla


def word(reading_score: float = 0.5, text: str = "tes3") -> Word:
    return Word("w0", BOX, [0.0, 0, 9, 3], text, 0.9, reading_score, [Character(c, 0.5) for c in text])


@pytest.fixture
def config(tiny_config):
    return replace(
        tiny_config, characters=CHARACTERS, known_word_weight=0.4, candidate_power=1.0, character_power=0.0
    )


@pytest.fixture
def candidates(monkeypatch) -> list[Candidate]:
    """What the search finds for each region."""
    found = [Candidate(OWN, [-0.1, -0.1, -0.2, -0.6], -1.0), Candidate(KNOWN, [-0.2] * 4 + [-1.0], -2.0)]
    monkeypatch.setattr(rereading, "beam_search", lambda reader, encoded, width: [found for _ in encoded])
    monkeypatch.setattr(rereading, "load_known_words", lambda: KnownWords(["tesla"]))
    return found


@pytest.mark.parametrize("words", [[], [word(CONFIDENT_READING)], [word(1.0, ""), word(0.99)]])
def test_nothing_unsure(tiny_model, config, words):
    assert reread(tiny_model.reader, config, words, torch.zeros(len(words), 4, 3)) == words


def test_a_known_word_replaces_an_unsure_reading(config, candidates):
    sure, (changed,) = word(0.97), reread(None, config, [word()], torch.zeros(1, 4, 3))
    assert (changed.text, changed.network_text) == ("tesla", "tes3")
    assert changed.polygon == BOX
    assert "".join(c.text for c in changed.characters) == "tesla"
    assert 0.5 < changed.reading_score < 1
    scores = [c.score for c in changed.characters]
    assert min(scores) == scores[-1] < scores[0]
    assert reread(None, config, [sure, word()], torch.zeros(2, 4, 3)) == [sure, changed]


def test_the_power_lowers_the_score(config, candidates):
    (high,) = reread(None, config, [word()], torch.zeros(1, 4, 3))
    (low,) = reread(None, replace(config, candidate_power=2.0), [word()], torch.zeros(1, 4, 3))
    assert low.reading_score == pytest.approx(high.reading_score**2, abs=1e-3)


def test_improbable_characters_lower_the_score(config, candidates):
    (high,) = reread(None, config, [word()], torch.zeros(1, 4, 3))
    (low,) = reread(None, replace(config, character_power=1.0), [word()], torch.zeros(1, 4, 3))
    assert low.reading_score == pytest.approx(high.reading_score * math.exp(-0.36), abs=1e-3)


def test_a_reading_that_is_kept_has_its_probability_among_the_candidates(config, candidates):
    candidates[1] = replace(candidates[1], log_probability=-30.0)
    (kept,) = reread(None, config, [word()], torch.zeros(1, 4, 3))
    assert (kept.text, kept.network_text) == ("tes3", None)
    assert kept.reading_score > 0.99


def test_a_reading_that_the_search_did_not_find_is_kept_as_it_is(config, candidates):
    candidates[:] = [Candidate([2], [-1.0], -1.0)]
    assert reread(None, config, [word()], torch.zeros(1, 4, 3)) == [word()]


def test_words_of_other_letters_are_left_to_the_network(config, candidates):
    other = replace(config, characters="teslä3")
    assert reread(None, other, [word()], torch.zeros(1, 4, 3)) == [word()]


def test_without_weight_nothing_changes(tiny_spotter, tiny_model, photographs):
    words = tiny_spotter.spot(photographs[0])
    assert reread(tiny_model.reader, tiny_model.config, words, torch.zeros(len(words), 4, 3)) == words


@pytest.fixture(scope="module")
def with_known_words(tiny_model, tiny_config) -> Spotter:
    model = type(tiny_model)(replace(tiny_config, known_word_weight=100.0))
    model.load_state_dict(tiny_model.state_dict())
    return Spotter(model, {"name": "tiny"}, "cpu", bfloat16=False)


def test_a_trace_holds_the_readings_of_the_network(with_known_words, tiny_spotter, photographs):
    trace, words = with_known_words.trace_and_spot(photographs[0], 0.1)
    assert trace.words == tiny_spotter.spot(photographs[0], 0.1)
    assert words == with_known_words.spot(photographs[0], 0.1) != trace.words
    for own, known in zip(trace.words, words, strict=True):
        assert (own.polygon, own.text) == (known.polygon, known.network_text or known.text)


def test_regions_that_a_person_drew(with_known_words, tiny_spotter, photographs):
    polygons = [word.polygon for word in tiny_spotter.spot(photographs[0], 0.1)]
    own = tiny_spotter.read(photographs[0], polygons)
    read = with_known_words.read(photographs[0], polygons)
    assert [reading.overlap for reading in read] == [reading.overlap for reading in own]
    assert [r.network_text or r.text for r in read] == [reading.text for reading in own]
    assert [r.reading_score for r in read] != [reading.reading_score for reading in own]
