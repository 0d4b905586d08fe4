"""Nothing is lost: what was deleted comes back, a word, a photo and a project."""

from __future__ import annotations

import pytest

from annotation.region import Region
from tests.browser.correct.page import HOUSE, expect, wait_for

pytestmark = pytest.mark.browser
TREE = [[20, 120], [120, 120], [120, 160], [20, 160]]


def open_drawer(tab, element_id: str) -> None:
    """And waits until it shows what is stored."""
    tab.page.locator(f"#{element_id} > .label-wrap").click()
    listing = "#correct-history .head" if element_id == "correct-photo" else "#correct-bin .listing"
    expect(tab.page.locator(listing).first).to_be_visible()


def texts(app, image_id):
    return [region.text for region in app.store.regions(image_id)]


def history_row(tab, text: str):
    return tab.page.locator("#correct-history li").filter(has_text=text)


def test_all_words_come_back_after_a_reload_and_one_by_one(app, open_tab):
    image_id = app.put(1, Region(HOUSE, "house", "h"), Region(TREE, "tree", "t"))
    tab = open_tab()
    tab.row("house").locator(".number").click()
    tab.page.keyboard.press("Control+a")
    tab.page.keyboard.press("Delete")
    wait_for(lambda: texts(app, image_id) == [])
    tab.saved()
    tab = open_tab()  # as after a reload: nothing to undo
    expect(tab.photo).to_be_visible()
    open_drawer(tab, "correct-photo")
    expect(history_row(tab, "deleted 2 words")).to_contain_text("now")
    history_row(tab, "before added 2 words").get_by_role("button", name="Bring this back").click()
    expect(tab.row("house")).to_be_visible()
    assert texts(app, image_id) == ["house", "tree"]
    tab.row("house").locator(".number").click()
    tab.type("home")
    tab.page.get_by_role("button", name="History of the chosen word").click()
    expect(tab.page.locator("#correct-history .head").first).to_have_text('The word "home"')
    history_row(tab, 'before added "house"').get_by_role("button", name="Bring this back").click()
    expect(tab.row("house")).to_be_visible()
    assert texts(app, image_id) == ["house", "tree"]


def test_a_photo_is_skipped_deleted_and_restored(app, open_tab):
    # They are alike, so the queue moves the second one away from the first one.
    ids = [app.put(number, Region(HOUSE, "house", "h")) for number in (1, 2, 3)]
    tab = open_tab()
    page = tab.page
    expect(page.locator("#correct-title")).to_contain_text("street 1")
    open_drawer(tab, "correct-photo")
    page.locator("#correct-reason input").fill("a stamp")
    page.get_by_role("button", name="Skip, next").click()
    expect(page.locator("#correct-title")).to_contain_text("street 3")
    assert app.store.reviews(ids[0])[-1].reason == "a stamp"
    page.get_by_role("button", name="Delete this photo").click()
    expect(page.locator("#correct-confirm-photo")).to_contain_text("street 3.jpg with its 1 word")
    page.get_by_role("button", name="Delete the photo", exact=True).click()
    expect(page.locator("#correct-title")).to_contain_text("street 2")
    page.locator("#correct-undo").get_by_role("button", name="Undo").click()
    expect(page.locator("#correct-title")).to_contain_text("street 3")
    page.get_by_role("button", name="Delete this photo").click()
    page.get_by_role("button", name="Delete the photo", exact=True).click()
    expect(page.locator("#correct-title")).to_contain_text("street 2")
    open_drawer(tab, "correct-manage")
    row = page.locator("#correct-bin li").filter(has_text="street 3")
    row.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#correct-confirm-bin")).to_contain_text("1 photo with 1 word for good")
    page.locator("#correct-confirm-bin").get_by_role("button", name="Cancel").click()
    row.get_by_role("button", name="Restore").click()
    expect(page.locator("#correct-title")).to_contain_text("street 3")
    assert texts(app, ids[2]) == ["house"]


def test_a_project_is_renamed_deleted_and_restored(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    page = tab.page
    open_drawer(tab, "correct-manage")
    page.get_by_label("Name of this project").fill("<b>signs</b>")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("#correct-project-name input")).to_have_value("<b>signs</b>")
    assert [name for _, name in app.store.projects()] == ["<b>signs</b>"]
    page.get_by_label("To delete this project, type its name").fill("<b>signs</b>")
    page.get_by_role("button", name="Delete the project").click()
    row = page.locator("#correct-bin li").filter(has_text="Project <b>signs</b>")
    expect(row).to_contain_text("1 photo")
    assert [name for _, name in app.store.projects()] == ["default"]
    row.get_by_role("button", name="Restore").click()
    expect(page.locator("#correct-bin li")).to_have_count(0)
    assert app.store.image_count(app.store.find_project("<b>signs</b>")) == 1
