"""Turning the open photo."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from annotation.region import Region
from tests.browser.correct.page import HEIGHT, HOUSE, WIDTH, close_to, wait_for

pytestmark = pytest.mark.browser


def other_image(app, *known: int):
    """The image of the project that is none of these, as soon as it is there."""
    project = app.store.find_project("default")
    return wait_for(lambda: next((i for i in app.store.image_list(project) if i.id not in known), None))


def test_the_photo_turns_with_its_words_and_is_read_again(app, open_tab):
    first = app.put(1, Region(HOUSE, "HOUSE", "house"))
    tab = open_tab()
    expect(tab.row("HOUSE")).to_be_visible()
    tab.row("HOUSE").locator(".word-text").click()
    tab.field.fill("HOUSES")  # not saved yet when the button is clicked
    tab.page.get_by_role("button", name="This photo").click()
    tab.page.get_by_role("button", name="Turn right").click()
    image = other_image(app, first)
    expect(tab.page.locator(f'.editor[data-image="{image.id}"]')).to_be_visible()
    expect(tab.row("HOUSES")).to_be_visible()
    assert (image.width, image.height) == (HEIGHT, WIDTH)
    [region] = [r for r in app.store.regions(image.id) if r.id == "house"]
    assert close_to(region.polygon, [[HEIGHT - y, x] for x, y in HOUSE])
    wait_for(lambda: app.store.predictions(image.id), seconds=120)
    tab.page.get_by_role("button", name="Turn left").click()
    back = other_image(app, first, image.id)
    expect(tab.page.locator(f'.editor[data-image="{back.id}"]')).to_be_visible()
    [region] = [r for r in app.store.regions(back.id) if r.id == "house"]
    assert close_to(region.polygon, HOUSE)
