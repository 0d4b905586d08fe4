"""The decorator of the handlers: save, act, show."""

from __future__ import annotations

import inspect

import gradio as gr
import pytest

from annotation.editor import RegionEditor
from annotation.region import AnnotationError
from annotation.tabs.actions import Page, saving

DRAWN = {
    "id": "new",
    "points": [[10.0, 10.0], [60.0, 10.0], [60.0, 30.0]],
    "text": "mine",
    "characters": [],
    "suggestion": None,
}


@pytest.fixture
def page(store) -> Page:
    with gr.Blocks():
        state, editor, who = gr.State(), RegionEditor(size_of=lambda _: None), gr.Textbox()

    def show(session, values, region_id="") -> dict:
        return {state: session, editor: "shown"}

    return Page(store, state, editor, who, show, lambda session: {}, [state, editor], [])


@pytest.fixture
def values(page, session) -> dict:
    edit = session.document() | {"revision": 1, "regions": [DRAWN]}
    return {page.session: session, page.editor: edit, page.who: "bob"}


def test_the_edit_is_saved_before_the_action_and_all_is_shown(store, page, session, values, image_id):
    seen = []

    @saving(page)
    def action(session, values) -> None:
        seen.extend(region.text for region in store.regions(image_id))

    assert action(values) == {page.session: session, page.editor: "shown"}
    assert seen == ["mine"]
    assert store.history(image_id)[0].who == "bob"


def test_an_action_that_returns_updates_decides_what_is_shown(page, values):
    assert saving(page)(lambda session, values: {page.who: "x"})(values) == {page.who: "x"}


def test_errors_of_an_action_become_messages_and_the_edit_stays_saved(store, page, values, image_id):
    @saving(page)
    def action(session, values) -> None:
        raise AnnotationError("It cannot be done.")

    with pytest.raises(gr.Error, match="It cannot be done"):
        action(values)
    assert len(store.regions(image_id)) == 1


def test_after_a_restart_there_is_a_new_session(store, page):
    updates = saving(page)(lambda session, values: None)(
        {page.session: None, page.editor: None, page.who: "ann"}
    )
    assert updates[page.session].project_id == store.find_project("default")
    assert updates[page.session].who == "ann"


def test_gradio_sees_the_parameters_it_has_to_pass(page, values):
    progress = gr.Progress()

    @saving(page)
    def action(session, values, progress=progress) -> dict:
        return {page.who: progress}

    assert list(inspect.signature(action).parameters) == ["values", "progress"]
    assert action(values, "given") == {page.who: "given"}
