"""Many photos: searched, scrolled, counted, changed at once."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from annotation.region import Region
from tests.browser.correct.page import HOUSE, expect, wait_for

pytestmark = pytest.mark.browser


def small_photo(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (number, 2 * number, 90)).save(out, "PNG")
    return out.getvalue()


def test_the_queue_scrolls_through_all_photos_and_opens_one_by_its_number(app, open_tab):
    project = app.store.ensure_project("default")
    for number in range(100):
        image, _ = app.store.add_image(project, small_photo(number), f"IMG_{number:04}.jpg")
        app.store.add_prediction(image.id, "before", [])
    tab = open_tab()
    queue, rows = tab.page.locator("#correct-queue ul"), tab.page.locator("#correct-queue li")
    expect(tab.page.locator("#correct-queue p.head")).to_have_text("100 photos")
    for end in ("node.scrollHeight", "0", "node.scrollHeight / 2"):
        queue.evaluate(f"node => {{ node.scrollTop = {end}; }}")
        in_sight = """node => [...node.querySelectorAll("li")].some((row) => {
            const r = row.getBoundingClientRect(), list = node.getBoundingClientRect();
            return r.top < list.top + 60 && r.bottom > list.top;
        })"""
        wait_for(lambda: queue.evaluate(in_sight))  # noqa: B023, called at once
    assert rows.count() < 100
    tab.page.locator("#correct-number input, #correct-number textarea").fill("78")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#correct-title")).to_contain_text("(78 of 100")
    expect(tab.page.locator("#correct-queue li.current")).to_be_in_viewport()


def test_photos_and_words_are_found_and_opened(app, open_tab):
    app.put(1, Region(HOUSE, "<b>NOVA</b>", "h"))
    app.put(2, Region(HOUSE, "other", "o"), Region([[x, y + 100] for x, y in HOUSE], "Nova 24", "n"))
    tab = open_tab()
    expect(tab.page.locator("#correct-title")).to_contain_text("1 of 2")
    field, found = tab.page.get_by_label("Search photos and words"), tab.page.locator("#correct-found li")
    field.fill("nova")
    field.press("Enter")
    expect(found).to_have_count(2)
    expect(found.first).to_contain_text("<b>NOVA</b>")
    found.filter(has_text="Nova 24").locator("button").click()
    expect(tab.page.locator("#correct-title")).to_contain_text("street 2.jpg")
    expect(tab.editor.locator("tr.selected")).to_contain_text("Nova 24")
    field.fill("street 1")
    field.press("Enter")
    expect(found).to_have_count(1)
    found.locator("button").click()
    expect(tab.page.locator("#correct-title")).to_contain_text("street 1.jpg")


def test_a_text_is_replaced_everywhere_and_the_words_of_a_photo_are_copied(app, open_tab):
    first = app.put(1, Region(HOUSE, "BAR", "h"))
    app.put(2)
    tab = open_tab()
    expect(tab.row("BAR")).to_be_visible()
    tab.page.get_by_role("button", name="Change many").click()
    tab.page.get_by_label("Text", exact=True).fill("bar")
    tab.page.get_by_label("Replace by").fill("PUB")
    tab.page.get_by_role("button", name="Preview").click()
    expect(tab.page.locator("#correct-preview li")).to_contain_text("BAR → PUB")
    assert app.store.regions(first)[0].text == "BAR"
    tab.page.locator("#correct-apply").click()
    expect(tab.row("PUB")).to_be_visible()
    tab.page.get_by_role("button", name="Undo this change").click()
    expect(tab.row("BAR")).to_be_visible()
    tab.page.keyboard.press("Escape")

    tab.page.locator("#correct-next").click()
    expect(tab.page.locator("#correct-title")).to_contain_text("street 2.jpg")
    tab.page.locator("#correct-copy").click()
    expect(tab.row("BAR")).to_be_visible()
    wait_for(lambda: [region.text for region in app.regions("street 2.jpg")] == ["BAR"])
    tab.do("undo")
    wait_for(lambda: app.regions("street 2.jpg") == [])
