"""What is saved, and edits that are not saved yet."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.editor import RegionEditor
from tests.browser.editor.page import EditorPage, expect, with_class

pytestmark = pytest.mark.browser

STORED = "Object.keys(localStorage).filter((key) => key.startsWith('region-editor'))"


def test_the_pill_shows_whether_the_last_edit_is_saved(editor):
    pill = editor.page.locator(".pill")
    editor.server.pushed = lambda: RegionEditor.state("")
    editor.push()
    expect(pill).to_be_hidden()
    editor.select(0)
    editor.do("illegible")
    expect(pill).to_have_text("Saving…")  # the first edit of a photo too
    editor.server.pushed = lambda: RegionEditor.state("saved", {"revision": 1})
    editor.push()
    expect(pill).to_have_text("Saved")
    editor.do("illegible")
    expect(pill).to_have_text("Saving…")
    editor.received(2)
    editor.server.pushed = lambda: RegionEditor.state("saved", {"revision": 1}, "the edit before")
    editor.push()
    expect(pill).to_have_text("Saving…: the edit before")
    editor.server.pushed = lambda: RegionEditor.state("conflict", None, "<b>Ann</b> has changed this photo")
    editor.push()
    expect(pill).to_have_text("Conflict: <b>Ann</b> has changed this photo")
    editor.server.pushed = lambda: RegionEditor.state("saved", {"revision": 2})
    editor.push()
    expect(pill).to_have_text("Saved")


def test_unsaved_edits_are_restored_after_a_reload(open_editor):
    editor = open_editor(viewport={"width": 1280, "height": 900})
    editor.server.pushed = lambda: RegionEditor.state("")
    editor.push()
    editor.server.answer = lambda value: RegionEditor.state("saved", value, version=4)
    editor.select(0)
    editor.do("illegible")
    expect(editor.page.locator(".pill")).to_have_text("Saved")
    editor.server.answer = lambda value: gr.skip()  # the server is gone
    editor.do("difficult")
    editor.received(2)
    page = editor.page.context.new_page()  # not by reload(): gradio may log that it was cut short
    page.goto(editor.server.demo.local_url)
    editor = EditorPage(page, editor.server)
    editor.wait(lambda: editor.server.edits[-1]["revision"] == 1)
    sent = editor.server.edits[-1]  # as an edit of the version that the first one had made
    first = sent["regions"][0]
    assert (sent["version"], first["illegible"], first["difficult"]) == (4, True, True)
    editor.server.pushed = lambda: RegionEditor.state("saved", sent)
    editor.push()
    expect(editor.page.locator(".pill")).to_have_text("Saved: your last edits are here again")
    assert editor.page.evaluate(STORED) == []
    edits = editor.server.edits.copy()
    page = editor.page.context.new_page()
    page.goto(editor.server.demo.local_url)
    editor = EditorPage(page, editor.server)
    expect(editor.page.locator(".word")).to_have_count(4)
    editor.page.wait_for_timeout(500)  # restored edits would be sent by now
    expect(editor.row(0).locator("[data-row=difficult]")).to_have_attribute("aria-pressed", "false")
    assert editor.server.edits == edits


def test_edits_are_forgotten_only_when_exactly_they_are_confirmed(open_editor):
    editor = open_editor(viewport={"width": 1280, "height": 900})
    server, photo = editor.server, editor.server.photo

    def push(update: dict) -> None:
        server.pushed = lambda: update | RegionEditor.choose(photo, "w3")  # shows that it has come
        editor.select(0)
        editor.push()
        expect(editor.word(3)).to_have_class(with_class("selected"))

    push(RegionEditor.state(""))
    editor.select(0)
    editor.do("illegible")
    editor.select(0)
    editor.do("difficult")
    editor.received(2)
    for pill in (
        RegionEditor.state(""),
        RegionEditor.state("saving", {"image_id": photo}),
        RegionEditor.state("saved", {"image_id": photo, "revision": 1}),
        RegionEditor.state("saved", {"image_id": "another", "revision": 9}),
    ):
        push(pill)
        assert len(editor.page.evaluate(STORED)) == 1
    server.pushed = lambda: gr.update(value=server.value("next")) | RegionEditor.state("")
    editor.push()
    expect(editor.page.locator('.editor[data-image="next"]')).to_be_visible()
    assert len(editor.page.evaluate(STORED)) == 1
    server.pushed = lambda: gr.update(value=server.value(photo, revision=0)) | RegionEditor.state("")
    editor.push()
    expect(editor.row(0).locator("[data-row=difficult]")).to_have_attribute("aria-pressed", "true")
    expect(editor.page.locator(".pill")).to_have_text("Saving…: your last edits are here again")
    editor.wait(lambda: server.edits[-1]["revision"] == 1)
    first = server.edits[-1]["regions"][0]
    assert (first["illegible"], first["difficult"]) == (True, True)
    push(RegionEditor.state("saved", {"image_id": photo, "revision": 1}))
    assert editor.page.evaluate(STORED) == []


def test_every_edit_has_a_higher_revision(editor):
    editor.select(0)
    for _ in range(6):
        editor.do("difficult")
    editor.received(6)
    revisions = [value["revision"] for value in editor.server.edits]
    assert revisions == sorted(set(revisions))
