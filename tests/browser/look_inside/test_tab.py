"""The tab as a whole: photo, word, and its views on small screens."""

from __future__ import annotations

import re

import pytest

from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.samples import SAMPLES
from tests.browser.look_inside.page import enter, expect, open_drawer, open_view, pictures

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_each_view_shows_its_picture_on_the_first_screen(inside_url, open_page, width, height):
    page = open_page(inside_url, width=width, height=height)
    enter(page)
    for view in VIEWS:
        open_view(page, view.name)
        picture = pictures(page, view.name).first
        expect(picture).to_be_visible(timeout=120_000)
        expect(picture).to_have_attribute("alt", re.compile(r"\w{3}"))
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50, view.title
        link = page.locator(f"#view-{view.name} a.paper")
        expect(link).to_have_attribute("href", "https://arxiv.org/abs/2203.10209")
        page.evaluate("scrollTo(0, 0)")
        top = picture.bounding_box()["y"]
        assert top < 0.55 * height, view.title
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_map_stays_in_sight_and_frames_the_open_view(page):
    open_view(page, "stages")
    expect(pictures(page, "stages").first).to_be_visible(timeout=120_000)
    page.evaluate("scrollTo(0, 400)")
    box = page.locator("#inside-map svg").bounding_box()
    assert 0 <= box["y"] < 20
    expect(page.locator("#inside-map .node.open[data-view=stages]")).to_be_visible()
    open_view(page, "conversion")
    expect(page.locator("#inside-map .node.open[data-view=conversion]").first).to_be_visible()
    expect(page.locator("#inside-map .node.open[data-view=stages]")).to_have_count(0)


def test_the_names_of_the_views_are_a_list_for_the_keyboard(page):
    names = page.locator("#views [role=tablist]").first.get_by_role("tab")
    expect(names).to_have_count(len(VIEWS))
    names.first.focus()
    width = page.viewport_size["width"]
    for name in names.all():
        box = name.bounding_box()
        assert box["x"] + box["width"] <= width, name.inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(names.nth(1)).to_have_attribute("aria-selected", "true")


def test_the_way_back_of_the_gradient_is_a_switch(page):
    back = page.locator("#inside-map .back").first
    expect(back).to_have_css("display", "none")
    page.get_by_label("Show the gradient's way back").check()
    expect(back).to_have_css("display", "block")


def test_another_sample_is_followed(page):
    open_drawer(page)
    before = page.locator("#inside-overview img").get_attribute("src")
    page.locator("#inside-samples .thumbnail-item").nth(2).click()
    expect(page.locator("#inside-drawer")).to_be_hidden()
    expect(page.locator("#inside-overview img")).not_to_have_attribute("src", before, timeout=120_000)
    expect(page.locator("#inside-open")).to_contain_text("Wall")
    expect(page.locator("#inside-status")).to_contain_text("proposals")


def test_own_photo_is_followed(page):
    open_drawer(page)
    before = page.locator("#inside-overview img").get_attribute("src")
    thumbnail = page.locator("#inside-map [data-node=photo] image")
    on_map = thumbnail.get_attribute("href")
    with page.expect_file_chooser() as chooser:
        page.locator("#inside-photo").click()
    chooser.value.set_files(SAMPLES[2].path)
    expect(page.locator("#inside-overview img")).not_to_have_attribute("src", before, timeout=120_000)
    expect(thumbnail).not_to_have_attribute("href", on_map)


def test_the_word_is_shared_by_all_views(page):
    open_view(page, "stages")
    picture = pictures(page, "stages").first
    expect(picture).to_be_visible(timeout=120_000)
    before = picture.get_attribute("alt")
    page.locator("#inside-word input").click()
    page.get_by_role("option").nth(1).click()
    expect(picture).not_to_have_attribute("alt", before)
    expect(page.locator("#inside-overview img")).to_have_attribute("alt", re.compile("word 2"))


def test_the_address_leads_back_to_photo_word_and_view(page):
    open_drawer(page)
    page.locator("#inside-samples .thumbnail-item").nth(2).click()
    expect(page.locator("#inside-open")).to_contain_text("Wall", timeout=120_000)
    page.locator("#inside-word input").click()
    page.get_by_role("option").nth(1).click()
    open_view(page, "stages")
    expect(page).to_have_url(re.compile("photo=wall"))
    expect(page).to_have_url(re.compile("word=2"))
    expect(page).to_have_url(re.compile("view=stages"))
    expect(pictures(page, "stages").first).to_be_visible(timeout=120_000)
    page.locator("#view-stages input[type=range]").first.press("ArrowLeft")
    expect(page).to_have_url(re.compile("set="))
    page.reload()
    enter(page)  # these tests have no tabs in their address
    expect(page.locator("#inside-open")).to_contain_text("Wall", timeout=120_000)
    expect(page.locator("#inside-map .node.open[data-view=stages]")).to_be_visible()
    expect(page.locator("#inside-word input")).to_have_value(re.compile("^2 "))
    picture = pictures(page, "stages").first
    expect(picture).to_have_attribute("alt", re.compile("after stage 1 of 2"), timeout=120_000)
