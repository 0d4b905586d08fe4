"""The verdict of the chosen round, and what can be done with it."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.tabs.rounds.panels.verdict import sentences
from tests.annotation.tabs.rounds.fake import NOON, finished

RULE = "Better by the rule: end-to-end H on the hold-out changes by +2.3."
REFUSED = "Not better by the rule: the lower end must be above -1.0."


@pytest.mark.parametrize(
    ("changes", "rule", "says"),
    [
        ({}, RULE, "**Better by the rule.** End-to-end H on the hold-out changes by +2.3."),
        (
            {},
            "It was not compared with round 2.",
            "**+2.3 points of end-to-end H on the hold-out (+0.3 to +4.3).",
        ),
        ({"state": "training"}, "", "It is running"),
        ({"state": "failed", "verdict": None, "message": "no memory"}, "", "Round 1 failed: no memory."),
        (
            {"promoted": True, "promoted_by": "<b>", "promoted_at": NOON, "promoted_reason": "*why*"},
            "Round 1 is served already.",
            "Promoted by <b> on 27 November 2026, against the rule: “*why*”.",
        ),
    ],
)
def test_sentences(changes, rule, says):
    assert says in sentences(finished(1, 1, **changes), rule).replace("\\", "")


def test_names_and_reasons_are_escaped():
    one = finished(1, 1, promoted=True, promoted_by="<b>", promoted_reason="<i>", reason="<u>")
    text = sentences(one, "")
    assert "\\<b\\>" in text
    assert "\\<i\\>" in text
    assert "\\<u\\>" in text


def test_promote_by_the_rule(rounds, open_rounds, project_id):
    rounds.rounds = [finished(1, project_id)]
    tab = open_rounds()
    assert tab.props[tab.find(elem_id="rounds-promote")]["value"] == "Promote"
    assert not tab.is_visible("rounds-reason")
    assert not tab.is_visible("rounds-rollback")
    tab.press("rounds-promote")
    assert rounds.calls == [("promote", 1, "Ann", "")]
    assert tab.value("rounds-served") == "Served: **p\\-round\\-1**"
    assert not tab.is_visible("rounds-promote")
    assert not tab.is_visible("rounds-delete")
    assert tab.value("rounds-reading") == "These weights are served."


def test_the_photos_that_are_read_again_are_counted(
    rounds, open_rounds, store, project_id, image_id, picture
):
    store.add_image(project_id, picture(2), "other.jpg")
    done, _ = store.add_image(project_id, picture(3), "done.jpg")
    store.set_state(done.id, "done", "ann")
    rounds.rounds = [finished(1, project_id, promoted=True, served=True)]
    tab = open_rounds()
    assert "They have read 0 of 2 photos that are not done." in tab.value("rounds-reading")
    store.add_prediction(image_id, "p-round-1", [])
    tab.tick()
    assert "They have read 1 of 2 photos that are not done." in tab.value("rounds-reading")


def test_promote_against_the_rule_needs_a_reason(rounds, open_rounds, project_id):
    rounds.rounds, rounds.rule = [finished(1, project_id)], (False, REFUSED)
    tab = open_rounds()
    assert tab.is_visible("rounds-reason")
    assert tab.props[tab.find(elem_id="rounds-promote")]["value"] == "Promote against the rule"
    reason = tab.find(elem_id="rounds-reason")
    for empty in ("", "  ", None):
        tab.values[reason] = empty
        with pytest.raises(gr.Error, match="Say in a few words why"):
            tab.press("rounds-promote")
    tab.values[reason] = " the photos of the fair "
    tab.press("rounds-promote")
    assert rounds.calls == [("promote", 1, "Ann", "the photos of the fair")]


def test_roll_back_to_an_earlier_round_and_to_the_app(rounds, open_rounds, project_id):
    rounds.rounds = [
        finished(1, project_id, promoted=True),
        finished(2, project_id, promoted=True, served=True),
    ]
    tab = open_rounds()
    ledger = tab.find(elem_id="rounds-ledger")
    for key, label, target in (("1", "Roll back to round 1", 1), ("0", "Roll back to nano", None)):
        tab.values[ledger] = key
        tab.trigger(ledger, "input")
        button = tab.find(elem_id="rounds-rollback")
        assert tab.props[button]["value"] == label
        assert tab.props[button]["visible"]
        tab.press("rounds-rollback")
        assert rounds.calls[-1] == ("rollback", target, "Ann")
        assert not tab.props[button]["visible"]
    assert tab.value("rounds-served") == "Served: **nano**"


def test_delete_asks_first(rounds, open_rounds, project_id):
    rounds.rounds = [finished(1, project_id), finished(2, project_id)]
    tab = open_rounds()
    tab.press("rounds-delete")
    assert tab.is_visible("rounds-confirm-delete")
    assert len(rounds.rounds) == 2
    tab.trigger(tab.find(value="Delete", variant="stop"), "click")
    assert [one.id for one in rounds.rounds] == [1]
    assert not tab.is_visible("rounds-confirm-delete")
    assert "**Round 1**" in tab.value("rounds-title")


def test_a_round_that_somebody_has_deleted(rounds, open_rounds, project_id):
    rounds.rounds = [finished(1, project_id), finished(2, project_id)]
    tab = open_rounds()
    ledger = tab.find(elem_id="rounds-ledger")
    tab.values[ledger] = "2"
    tab.trigger(ledger, "input")
    rounds.delete(2)
    with pytest.raises(gr.Error, match="Somebody has deleted this round"):
        tab.press("rounds-promote")
    assert rounds.calls == []
