"""The queue of photos: keys, filter and order, phone."""

from __future__ import annotations

import pytest

from annotation.region import Region
from tests.browser.correct.page import HOUSE, expect, wait_for

pytestmark = pytest.mark.browser


def test_keys_go_through_the_queue_and_save_the_text_being_typed(app, open_tab):
    for number in (1, 2):
        app.put(number, Region(HOUSE, f"house {number}", f"h{number}"))
    tab = open_tab()
    title, keys = tab.page.locator("#correct-title"), tab.page.keyboard
    expect(title).to_contain_text("1 of 2, in work")
    first = title.inner_text().split(" (")[0]
    tab.row("house").locator("[data-row=text]").click()
    tab.field.fill("typed")
    keys.press("PageDown")
    expect(title).to_contain_text("2 of 2")
    assert [region.text for region in app.regions(first)] == ["typed"]
    expect(tab.field).to_be_focused()  # who was typing goes on with the next photo's first word
    keys.press("Escape")
    keys.press("q")  # the editor's keys work at once
    expect(tab.editor.locator(".editor")).to_have_attribute("data-tool", "box")
    keys.press("Escape")
    keys.press("Tab")
    expect(tab.editor.locator("tr.selected")).to_contain_text("house")
    keys.press("PageDown")
    expect(tab.page.get_by_text("This is the last photo of the queue.")).to_be_visible()
    keys.press("PageUp")
    expect(title).to_contain_text(f"{first} (1 of 2")
    expect(tab.row("typed")).to_be_visible()
    keys.press("Control+Enter")
    expect(title).to_contain_text("2 of 2")
    wait_for(lambda: app.image(first).state == "done")
    tab.open(first)
    tab.page.locator("#correct-reopen").click()
    expect(tab.page.locator("#correct-done")).to_be_visible()
    assert app.image(first).state == "in work"
    keys.press("Control+Enter")
    wait_for(lambda: app.image(first).state == "done")
    tab.open(first)
    tab.page.locator("#correct-approve").click()
    wait_for(lambda: app.image(first).state == "approved")
    expect(tab.page.locator("#correct-project")).to_contain_text("1 approved")


def test_filter_and_order_change_the_queue(app, open_tab):
    for number in (2, 1):
        app.put(number, Region(HOUSE, "house", "h"))
    app.store.set_state(app.image("street 2.jpg").id, "done", "ann")
    tab = open_tab()
    rows = tab.page.locator("#correct-queue li .title")
    expect(rows).to_have_text(["street 1.jpg"])
    tab.page.get_by_role("button", name="Filter").click()
    tab.page.locator("#correct-filter").get_by_label("done").check()
    expect(rows).to_have_count(2)
    tab.page.locator("#correct").get_by_label("Queue", exact=True).click()
    tab.page.get_by_role("option", name="By name").click()
    expect(rows).to_have_text(["street 1.jpg", "street 2.jpg"])
    for state in ("new", "in work", "done"):
        tab.page.locator("#correct-filter").get_by_label(state, exact=True).uncheck()
    expect(tab.page.locator("#correct-empty")).to_contain_text("Nothing is left here")


def test_nothing_is_wider_than_a_phone(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    app.put(2, Region(HOUSE, "house", "h"))
    tab = open_tab(390)
    expect(tab.row("house")).to_be_visible()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.page.locator("#correct-next").click()
    expect(tab.page.locator("#correct-title")).to_contain_text("2 of 2")
