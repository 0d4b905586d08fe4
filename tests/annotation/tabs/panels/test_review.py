"""Steps through the queue and review states."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.region import Region
from annotation.tabs.panels.review import position_text


@pytest.fixture
def visible(open_tab):
    """Labels of the state buttons that are visible."""

    def look(tab) -> set[str]:
        labels = ("Reopen", "Approve, next", "Done, next")
        return {label for label in labels if tab.props[tab.find(value=label)]["visible"]}

    return look


def test_position_text(session):
    assert position_text(session) == "1 of 1, new"
    session.queue.ids = []
    assert position_text(session) == "not in the queue, new"
    session.open(None)
    assert position_text(session) == ""


def test_next_and_previous_stop_at_the_ends(open_tab, put, capsys):
    put(1)
    put(2)
    tab = open_tab()
    first = tab.title
    tab.click("Next")
    second = tab.title
    assert second != first
    tab.click("Next")
    assert tab.title == second
    tab.click("Previous")
    assert tab.title == first
    tab.click("Previous")
    assert tab.title == first


def test_each_state_has_its_buttons(open_tab, put, store, visible):
    image_id = put(1)
    tab = open_tab()
    for label, state, buttons in (
        ("Done, next", "done", {"Reopen", "Approve, next"}),
        ("Approve, next", "approved", {"Reopen"}),
        ("Reopen", "in work", {"Done, next"}),
    ):
        tab.click(label)
        assert store.image(image_id).state == state
        assert visible(tab) == buttons


def test_finishing_a_photo_opens_the_next_one(open_tab, put, store):
    first, second = put(1), put(2)
    tab = open_tab()
    opened = int(tab.values[tab.editor]["image_id"])
    tab.click("Done, next")
    assert store.image(opened).state == "done"
    assert int(tab.values[tab.editor]["image_id"]) == first + second - opened
    tab.click("Done, next")
    assert {store.image(image_id).state for image_id in (first, second)} == {"done"}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["a"], []),
        (["a", ""], ["street 1.jpg is done, but a word has no text and no flag “illegible”"]),
        (["", ""], ["street 1.jpg is done, but 2 words have no text and no flag “illegible”"]),
    ],
)
def test_words_without_a_text_are_told_when_a_photo_is_done(open_tab, put, monkeypatch, texts, said):
    put(1, *(Region([[0, 20 * i], [30, 20 * i], [30, 20 * i + 9]], text) for i, text in enumerate(texts)))
    put(2)
    messages: list[str] = []
    monkeypatch.setattr(gr, "Info", lambda message, title: messages.append(message))
    tab = open_tab()
    tab.click("Done, next")
    assert [message.partition(". ")[0] for message in messages] == said
