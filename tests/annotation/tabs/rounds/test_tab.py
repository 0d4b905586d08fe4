"""The tab: which project and round it shows, and when it shows them anew."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import pytest

from annotation.rounds.records import Progress, RoundError
from annotation.tabs.rounds.tab import round_in_address
from tests.annotation.tabs.rounds.fake import NOTHING, finished


def address(**params: str) -> SimpleNamespace:
    return SimpleNamespace(query_params=params)


@pytest.mark.parametrize(
    ("value", "number"), [("7", 7), ("", None), ("-1", None), ("x", None), ("٣", None), ("9" * 16, None)]
)
def test_the_round_in_the_address(value, number):
    assert round_in_address(address(round=value)) == number
    assert round_in_address(None) is None


def test_an_empty_project(rounds, open_rounds):
    rounds.gained = NOTHING
    tab = open_rounds()
    assert "no photos yet" in tab.value("rounds-gain-text")
    assert tab.props[tab.find(elem_id="rounds-start-button")]["interactive"] is False
    for hidden in ("rounds-progress", "rounds-history", "rounds-verdict"):
        assert not tab.is_visible(hidden)
    assert tab.value("rounds-served") == "Served: **nano**"


def test_the_project_and_the_name_are_those_of_correct(store, open_rounds):
    tab = open_rounds()
    assert (tab.value("rounds-project"), tab.value("rounds-who")) == ("p", "Ann")
    store.ensure_project("signs")
    tab.values[tab.memory] = {"project": "signs"}  # chosen in Correct meanwhile
    tab.trigger(tab.tab, "select")
    assert (tab.value("rounds-project"), tab.value("rounds-who")) == ("signs", "Ann")
    assert open_rounds(project="deleted", who=None).value("rounds-project") == "default"


def test_another_project_is_chosen_and_remembered(store, open_rounds):
    store.ensure_project("signs")
    tab = open_rounds()
    project = tab.find(elem_id="rounds-project")
    tab.values[project] = "signs"
    tab.trigger(project, "input")
    assert tab.values[project] == "signs"
    tab.values[project] = "no such project"
    with pytest.raises(gr.Error, match="There is no project"):
        tab.trigger(project, "input")


def test_the_address_names_a_round(rounds, store, open_rounds):
    signs = store.ensure_project("signs")
    rounds.rounds = [finished(1, signs, "signs"), finished(2, signs, "signs")]
    tab = open_rounds(address(round="1"))
    assert tab.value("rounds-project") == tab.values[tab.memory]["project"] == "signs"
    assert "**Round 1**" in tab.value("rounds-title")
    tab = open_rounds(address(round="99"))
    assert tab.value("rounds-project") == "p"


def test_a_second_visitor_sees_the_round_of_the_first(rounds, open_rounds, project_id):
    first, second = open_rounds(), open_rounds()
    first.press("rounds-start-button")
    assert rounds.calls == [("start", project_id, rounds.config.minutes, "auto", "Ann")]
    rounds.now = Progress("training", 0.5, 120, losses=[(0.1, 3.0)])
    for tab in (first, second):
        tab.tick()
        assert "Round 1: training, about 2 minutes left" in tab.text("rounds-stage-text")
        assert not tab.is_visible("rounds-start")
    rounds.change(1, state="done", verdict=finished(1, project_id).verdict, weights="0" * 64)
    second.tick()
    assert second.is_visible("rounds-verdict")
    assert not second.is_visible("rounds-progress")


def test_a_second_start_is_told_in_one_sentence(rounds, open_rounds):
    first, second = open_rounds(), open_rounds()
    first.press("rounds-start-button")
    with pytest.raises(gr.Error, match="Round 1 of &lt;b&gt;p&lt;/b&gt; is running"):
        second.press("rounds-start-button")


def test_missing_weights_do_not_hide_the_way_back(rounds, open_rounds, project_id, monkeypatch):
    def served():
        raise RoundError("The weights of round 1 of p are missing; roll back to others.")

    rounds.rounds = [finished(1, project_id, promoted=True, served=True)]
    monkeypatch.setattr(rounds, "served", served)
    tab = open_rounds(address(round="0"))
    assert "are missing; roll back" in tab.text("rounds-served")
    ledger = tab.find(elem_id="rounds-ledger")
    tab.values[ledger] = "0"
    tab.trigger(ledger, "input")
    assert tab.is_visible("rounds-rollback")
