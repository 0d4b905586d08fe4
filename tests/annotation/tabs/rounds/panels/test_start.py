"""What there is to gain, and the button that starts a round."""

from __future__ import annotations

from dataclasses import replace

import pytest

from annotation.tabs.rounds.panels.start import why_sentence
from tests.annotation.tabs.rounds.fake import READY


@pytest.fixture
def button(open_rounds):
    def opened():
        tab = open_rounds()
        return tab, tab.props[tab.find(elem_id="rounds-start-button")]["interactive"]

    return opened


def test_it_can_start(button):
    tab, can_start = button()
    assert can_start
    assert "the recogniser is trained" in tab.value("rounds-why")
    assert not tab.is_visible("rounds-warnings")


def test_missing_photos_are_counted(rounds, button):
    rounds.gained = replace(READY, missing=4)
    tab, can_start = button()
    assert not can_start
    assert tab.value("rounds-why").startswith("4 more corrected photos are needed")


def test_warnings_are_shown_as_text(rounds, button):
    rounds.gained = replace(READY, warnings=["All words were deleted in <b>x</b>.jpg", "*"])
    tab, _ = button()
    assert tab.value("rounds-warnings") == "- All words were deleted in \\<b\\>x\\</b\\>\\.jpg\n- \\*"


def test_the_settings_count(rounds, open_rounds, project_id):
    tab = open_rounds()
    tab.values[tab.find(label="Trained")] = "detector"
    tab.values[tab.find(label="Minutes")] = 1.5
    tab.press("rounds-start-button")
    assert rounds.calls == [("start", project_id, 1.5, "detector", "Ann")]


def test_characters_are_named_and_too_few_photos_are_cross_validated(rounds, open_rounds, project_id):
    rounds.gained = replace(READY, missing=4, can_cross_validate=True)
    tab = open_rounds()
    assert "trained 6 times, and 5 parts of the photos judge it" in tab.value("rounds-why")
    tab.values[tab.find(label="Characters to learn, besides those of the texts")] = "é"
    tab.press("rounds-cross-validate")
    assert rounds.calls == [("start", project_id, 9.0, "auto", "Ann", "é", True)]


def test_named_characters_stay_with_the_project(rounds, open_rounds, project_id):
    rounds.gained = replace(READY, named="éü")
    tab = open_rounds()
    field = tab.find(label="Characters to learn, besides those of the texts")
    assert tab.values[field] == "é ü"
    tab.values[field] = "ß"
    (left,) = [fn for fn in tab.demo.fns.values() if (field._id, "blur") in fn.targets]
    left.fn({block: tab.values.get(block) for block in left.inputs})
    assert rounds.calls == [("name characters", project_id, "ß")]


def test_nothing_is_said_about_a_part_without_photos(rounds):
    assert why_sentence(replace(READY, photos=0), rounds.config) == ""
    assert why_sentence(replace(READY, characters="éü"), rounds.config).endswith(
        "The reader learns 2 characters of the texts that it does not know yet: é ü."
    )
    says = why_sentence(replace(READY, holdout=1), rounds.config)
    assert says.endswith("1 photo only judges it.")
