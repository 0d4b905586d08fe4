"""Evidence of a list of words, and the choice among readings."""

from __future__ import annotations

import pytest

from spotter.known_words import KnownWords, load_known_words

WORDS = KnownWords(["the", "restaurant", "ten"])


@pytest.mark.parametrize("text", ["", "?!", "restaurhnt", "B1-33", "$9.99", "2010", "the the"])
def test_other_texts_have_no_evidence(text):
    assert WORDS.evidence(text) == 0


def test_no_words():
    assert KnownWords([]).evidence("the") == 0


def test_neither_case_nor_signs_at_the_ends_matter():
    assert WORDS.evidence("restaurant") == WORDS.evidence("RESTAURANT") == WORDS.evidence("(Restaurant).") > 0


def test_long_words_and_frequent_words_have_more_evidence():
    assert WORDS.evidence("restaurant") > WORDS.evidence("the") > WORDS.evidence("ten")


def test_a_known_word_is_chosen_although_it_looks_less_probable():
    best, probability = WORDS.choose([("RESTAURAHT", -1.0), ("RESTAURANT", -2.0)], "RESTAURAHT", 0.4)
    assert best == 1
    assert 0.9 < probability < 1


@pytest.mark.parametrize(
    "candidates",
    [
        [("RESTAURAHT", -0.1), ("RESTAURANT", -40.0)],  # it looks far less probable
        [("R35T", -1.0), ("R36T", -0.5)],  # the other one is no word
        [("R35T", -1.0), ("", -0.5)],
    ],
)
def test_the_own_reading_is_kept(candidates):
    best, probability = WORDS.choose(candidates, candidates[0][0], 0.4)
    assert best == 0
    assert 0 < probability <= 1


def test_candidates_that_differ_in_case_count_together():
    best, probability = WORDS.choose([("ab", -1.0), ("AB", -1.0)], "ab", 0.4)
    assert (best, probability) == (0, 1)


@pytest.mark.parametrize("candidates", [[], [("other", -1.0)]])
def test_nothing_to_choose(candidates):
    assert WORDS.choose(candidates, "own", 0.4) is None


def test_the_list_of_the_package():
    known = load_known_words()
    assert known.evidence("Restaurant") > known.evidence("the") > 0
    assert known.evidence("Größe") == known.evidence("restaurhnt") == 0
