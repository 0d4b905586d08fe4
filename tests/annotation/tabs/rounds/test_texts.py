"""The sentences of the Rounds tab."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.rounds.config import RoundConfig
from annotation.rounds.records import Interval, Progress
from annotation.tabs.rounds import texts
from tests.annotation.tabs.rounds.fake import NOTHING, READY, finished


@pytest.mark.parametrize(
    ("gain", "has_photos", "says"),
    [
        (NOTHING, False, "This project has no photos yet."),
        (NOTHING, True, "no photo has been corrected since nano"),
        (
            READY,
            True,
            "62 corrected photos since nano (1,200 words; 380 corrections: 210 text, 90 missed, 60 shape, "
            "20 false). A round takes about 9 minutes on this machine.",
        ),
        (
            replace(READY, photos=1, words=1, kinds={"text": 1, "false": 0}, minutes=1.0, since="round 2"),
            True,
            "1 corrected photo since round 2 (1 word; 1 correction: 1 text). "
            "A round takes about 1 minute on this machine.",
        ),
        (replace(READY, kinds={}), True, "62 corrected photos since nano (1,200 words)."),
    ],
)
def test_what_there_is_to_gain(gain, has_photos, says):
    assert says in texts.gain_sentence(gain, has_photos)


def test_missing_photos():
    config = RoundConfig(min_photos=10, min_holdout=5)
    assert texts.missing_sentence(READY, config) == ""
    says = texts.missing_sentence(replace(READY, missing=4), config)
    assert says == "4 more corrected photos are needed: a round needs 10, of which 5 only judge it."
    assert texts.missing_sentence(replace(READY, missing=1), config).startswith(
        "1 more corrected photo is needed"
    )


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.0"), (0.0001, "0.0"), (-0.0001, "0.0"), (0.023, "+2.3"), (-0.004, "−0.4")]
)
def test_differences_have_a_sign(value, text):
    assert texts.points(value) == text


def test_figures_have_their_interval():
    assert texts.percent(Interval(0.4184, 0.381, 0.452)) == "41.8 % (38.1–45.2)"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 second"), (89, "89 seconds"), (95, "2 minutes"), (3600, "60 minutes")]
)
def test_durations(seconds, text):
    assert texts.duration(seconds) == text


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        (None, "Round 3: starting."),
        (Progress("preparing", 0.0, None), "Round 3: preparing the photos."),
        (Progress("training", 0.5, 240), "Round 3: training, about 4 minutes left."),
    ],
)
def test_progress(progress, says):
    assert texts.progress_sentence(finished(3, 1), progress, "p") == says


def test_a_round_of_another_project_is_named_with_it():
    says = texts.progress_sentence(finished(3, 1, "signs"), None, "p")
    assert says == "Round 3 of the project signs: starting."


@pytest.mark.parametrize(
    ("state", "message", "says"),
    [
        ("failed", "The loss is not finite.", "Round 1 failed: The loss is not finite. The weights served"),
        ("stopped", "", "Round 1 was stopped. The weights served stay as they are."),
    ],
)
def test_a_round_that_did_not_end(state, message, says):
    assert says in texts.unfinished_sentence(finished(1, 1, state=state, message=message))


def test_the_difference_of_a_round():
    assert texts.verdict_sentence(finished(1, 1, verdict=None)) == ""
    says = texts.verdict_sentence(finished(1, 1))
    assert says == "+2.3 points of end-to-end H on the hold-out (+0.3 to +4.3)"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "not promoted"),
        ({"promoted": True}, "promoted"),
        ({"promoted": True, "served": True}, "served"),
        ({"state": "failed"}, "failed"),
        ({"state": "training"}, "training"),
    ],
)
def test_states(changes, text):
    assert texts.state_text(finished(1, 1, **changes)) == text
