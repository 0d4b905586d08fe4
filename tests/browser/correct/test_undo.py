"""Undo concerns only what a person did: not the words that a spotter or another person brought."""

from __future__ import annotations

from threading import Event

import pytest

from annotation.region import Region
from annotation.store.store import Store
from annotation.tabs.background import BackgroundReader
from tests.browser.correct.page import CorrectTab, expect, photo, wait_for

pytestmark = pytest.mark.browser

PLACES = [[[10 + 45 * i, 40], [50 + 45 * i, 40], [50 + 45 * i, 60], [10 + 45 * i, 60]] for i in range(8)]


def test_words_that_are_read_while_the_photo_is_open_cannot_be_undone(app, open_tab, monkeypatch):
    may_read = Event()
    words = [Region(place, f"word {i}", f"w{i}") for i, place in enumerate(PLACES)]

    def read(reader: BackgroundReader, store: Store, image_id: int) -> None:
        may_read.wait(60)
        store.add_prediction(image_id, "spotter 1", words)

    monkeypatch.setattr(BackgroundReader, "_read", read)
    image, _ = app.store.add_image(app.store.ensure_project("default"), photo(1), "street 1.jpg")
    tab = open_tab()
    undo = tab.editor.locator(".bar [data-do=undo]")
    expect(tab.page.locator("#correct-title")).to_contain_text("street 1.jpg")
    expect(tab.editor.locator("tbody tr")).to_have_count(0)
    may_read.set()
    expect(tab.editor.locator("tbody tr")).to_have_count(8)
    expect(undo).to_have_attribute("aria-disabled", "true")
    tab.photo.focus()
    tab.page.keyboard.press("Control+z")
    expect(tab.editor.locator(".live")).to_contain_text("Nothing to undo")
    tab.row("word 3").locator("[data-row=text]").click()
    tab.type("mine")
    tab.page.keyboard.press("Control+z")
    expect(tab.row("word 3")).to_be_visible()
    expect(undo).to_have_attribute("aria-disabled", "true")
    tab.saved()
    texts = [f"word {i}" for i in range(8)]
    wait_for(lambda: sorted(region.text for region in app.store.regions(image.id)) == texts)


def test_a_deletion_of_everything_is_brought_back_after_a_reload(app, open_tab):
    image_id = app.put(1, *(Region(place, f"word {i}", f"w{i}") for i, place in enumerate(PLACES)))
    tab = open_tab()
    expect(tab.editor.locator("tbody tr")).to_have_count(len(PLACES))
    tab.photo.focus()
    tab.page.keyboard.press("Control+a")
    tab.page.keyboard.press("Delete")
    tab.saved()
    assert app.store.regions(image_id) == []

    page = tab.page.context.new_page()  # not by reload(): gradio may log that it was cut short
    page.goto(app.demo.local_url)
    tab = CorrectTab(page)
    undo = tab.editor.locator(".bar [data-do=undo]")
    expect(tab.page.locator("#correct-title")).to_contain_text("street 1.jpg")
    expect(undo).to_have_attribute("aria-disabled", "true")
    tab.page.get_by_role("button", name="This photo").click()
    tab.page.locator("#correct-history").get_by_role("button", name="Bring the words back").click()
    expect(tab.editor.locator("tbody tr")).to_have_count(len(PLACES))
    texts = [f"word {i}" for i in range(len(PLACES))]
    wait_for(lambda: sorted(region.text for region in app.store.regions(image_id)) == texts)
    expect(undo).to_have_attribute("aria-disabled", "true")
    tab.row("word 3").locator("[data-row=remove]").click()
    tab.saved()
    wait_for(lambda: len(app.store.regions(image_id)) == len(PLACES) - 1)
    tab.do("undo")
    wait_for(lambda: sorted(region.text for region in app.store.regions(image_id)) == texts)
    tab.do("redo")
    wait_for(lambda: len(app.store.regions(image_id)) == len(PLACES) - 1)
