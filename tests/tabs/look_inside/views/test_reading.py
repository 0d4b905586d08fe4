"""Texts of the view of the reader."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.tabs.look_inside.views.reading import describe, describe_forced


def test_the_reading_score_is_the_geometric_mean_that_is_shown(trace, longest):
    word = trace.words[longest]
    scores = [character.score for character in word.characters]
    assert np.exp(np.log(scores).mean()) == pytest.approx(word.reading_score, abs=1e-3)
    text = describe(trace, longest, 0)
    assert "geometric mean of its characters', " + " · ".join(f"{s:.2f}" for s in scores) in text
    assert "temperature" not in text
    assert "discarded" not in text


def test_the_rule_for_low_reading_scores_is_named(trace, longest):
    word = trace.words[longest]
    strict = replace(trace, config=replace(trace.config, reading_threshold=0.02))
    expected = (
        f"Below 0.02 the word would be discarded, as its detection score ({word.score:.2f}) is below 1."
    )
    assert expected in describe(strict, longest, 0)
    confident = replace(strict, config=replace(strict.config, confident_score=word.score))
    text = describe(confident, longest, 0)
    assert "that it stays however it is read" in text
    assert "discarded" not in text


def test_the_calibration_of_a_character_is_named(trace, longest):
    warm = replace(trace, config=replace(trace.config, reading_temperature=1.82))
    text = describe(warm, longest, 0)
    assert "temperature of 1.82 " in text
    assert "power 1 " in text
    assert f"This $p$ becomes {trace.words[longest].characters[0].score:.2f}" in text


def test_the_end_sign_has_no_score(trace):
    warm = replace(trace, config=replace(trace.config, reading_temperature=1.82))
    shortest = min(range(len(trace.words)), key=lambda i: len(trace.words[i].text))
    assert "becomes" not in describe(warm, shortest, len(trace.words[shortest].text))


@pytest.mark.parametrize(("same", "verdict"), [(True, "the rest stays"), (False, "later characters change")])
def test_a_forced_character_is_compared_with_the_word(trace, longest, same, verdict):
    ids = trace.ids[longest].tolist()
    ids[0] = ids[0] % len(trace.config.characters) + 1
    ids = ids[: len(trace.words[longest].text)] if same else ids[:2]
    text = describe_forced(trace, longest, 0, ids, [0.5] * len(ids))
    assert verdict in text
    assert "p = 0.5" in text
