"""Where things stand without scrolling: the photo is in sight, its tools stay there."""

from __future__ import annotations

import pytest

from annotation.region import Region
from tests.browser.correct.page import HOUSE, PHOTOS, CorrectTab, expect, upload_file

pytestmark = pytest.mark.browser

SIZES = [
    (1280, 800, 200),
    (390, 844, 300),
]  # of the window; how far below the top of the tab the photo begins


def top(locator) -> float:
    return locator.evaluate("node => node.getBoundingClientRect().top")


def photo_offset(tab: CorrectTab) -> float:
    """Pixels from the top of the tab's content to the photo."""
    return top(tab.photo) - top(tab.page.locator("#correct"))


@pytest.mark.parametrize(("width", "height", "limit"), SIZES)
def test_the_photo_is_on_the_first_screen_also_after_a_refused_upload(app, open_tab, width, height, limit):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab(width, height)
    expect(tab.row("house")).to_be_visible()
    assert photo_offset(tab) <= limit
    if width < 600:
        tab.page.get_by_role("button", name="More", exact=True).click()
    tab.page.get_by_role("button", name="Add photos").click()
    tab.page.locator("#correct-files input[type=file]").set_input_files(upload_file("bad.jpg", b"no picture"))
    report = tab.page.locator("#correct-report")
    expect(report).to_contain_text("1 refused: bad.jpg")
    if width < 600:
        tab.page.get_by_role("button", name="More", exact=True).click()
    assert photo_offset(tab) <= limit + 40  # the report's one line
    report.locator(".fold").click()
    expect(report.locator("li")).to_contain_text("bad.jpg")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (820, 900), (390, 844)])
def test_saving_does_not_move_the_photo(app, open_tab, width, height):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab(width, height)
    expect(tab.row("house")).to_be_visible()
    before = photo_offset(tab)
    expect(tab.pill).to_be_hidden()
    tab.row("house").locator("[data-row=illegible]").click()
    expect(tab.pill).to_have_text("Saved")
    assert photo_offset(tab) == before


def test_most_of_the_apps_first_screen_is_the_photo(app_url, open_page):
    tab = CorrectTab(open_page(app_url, 1280, 800))
    expect(tab.page.locator("#correct-empty")).to_contain_text("No photos yet")
    tab.add(PHOTOS[0])
    expect(tab.photo).to_be_visible()
    tab.page.evaluate("scrollTo(0, 0)")
    shown = (
        "node => { const r = node.getBoundingClientRect(); return Math.min(r.bottom, innerHeight) - r.top; }"
    )
    assert tab.photo.evaluate(shown) >= 0.6 * 800
    head = tab.page.locator("#correct-head")
    assert head.evaluate("node => node.getBoundingClientRect().height") <= 44  # one line


def test_the_tools_stay_in_sight_while_one_scrolls(app, open_tab):
    app.put(1, *(Region([[x, y + i] for x, y in HOUSE], f"house {i}", f"h{i}") for i in range(30)))
    tab = open_tab(1280, 500)
    expect(tab.row("house 29")).to_be_attached()
    tab.page.mouse.move(*tab.at(20, 20))
    tab.page.evaluate("scrollTo(0, 260)")
    assert tab.page.evaluate("scrollY") > 150
    assert 0 <= top(tab.editor.locator(".bars")) <= 10


def test_one_drawer_is_open_at_a_time_and_escape_closes_it(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    expect(tab.row("house")).to_be_visible()
    opened = tab.page.locator("#correct-head .label-wrap.open")
    tab.page.get_by_role("button", name="Add photos").click()
    tab.page.get_by_role("button", name="Change many").click()
    expect(opened).to_have_count(1)
    expect(opened).to_contain_text("Change many")
    tab.page.keyboard.press("Escape")
    expect(opened).to_have_count(0)


def test_the_queue_folds_and_on_a_phone_the_photo_comes_first(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    expect(tab.row("house")).to_be_visible()
    left = "node => node.getBoundingClientRect().left"
    before = tab.photo.evaluate(left)
    tab.page.locator("[data-fold]").click()
    expect(tab.page.locator("#correct-queue")).to_be_hidden()
    assert tab.photo.evaluate(left) < before - 100
    phone = open_tab(390, 844)
    expect(phone.row("house")).to_be_visible()
    assert top(phone.page.locator("#correct-queue")) > top(phone.photo)
    expect(phone.page.get_by_role("button", name="Statistics")).to_be_hidden()
    phone.page.get_by_role("button", name="More", exact=True).click()
    expect(phone.page.get_by_role("button", name="Statistics")).to_be_visible()


def test_photos_are_added_on_a_phone_without_looking_for_the_button(app, open_tab):
    phone = open_tab(390, 844)
    expect(phone.page.get_by_text("No photos yet.")).to_be_visible()
    expect(phone.page.locator("#correct-files")).to_be_in_viewport()
    phone.page.locator("#correct-files input[type=file]").set_input_files(PHOTOS[:1])
    expect(phone.page.locator("#correct-title")).to_contain_text("street 1.jpg")
    expect(phone.page.locator("#correct-files")).to_be_hidden()
