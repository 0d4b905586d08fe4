"""The tab as a whole: photo, word, deck, and its views on small screens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.samples import SAMPLES
from tests.browser.look_inside.page import enter, expect, open_view, pictures

pytestmark = pytest.mark.browser


def test_each_view_shows_its_picture(page):
    for view in VIEWS:
        open_view(page, view.title)
        picture = pictures(page, view.number).first
        expect(picture).to_be_visible(timeout=120_000)
        expect(picture).to_have_attribute("alt", re.compile(r"\w{3}"))
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50, view.title
        link = page.locator(f"#view-{view.number} a.paper")
        expect(link).to_have_attribute("href", "https://arxiv.org/abs/2203.10209")


def test_the_names_of_all_views_fit_the_window(page):
    tabs = page.locator("#views [role=tablist]").first.get_by_role("tab")
    expect(tabs).to_have_count(len(VIEWS))
    width = page.viewport_size["width"]
    for tab in tabs.all():
        box = tab.bounding_box()
        assert box["x"] + box["width"] <= width, tab.inner_text()


def test_another_sample_is_followed(page):
    before = page.locator("#inside-overview img").get_attribute("src")
    page.locator("#inside-samples .thumbnail-item").nth(1).click()
    expect(page.locator("#inside-overview img")).not_to_have_attribute("src", before, timeout=120_000)
    expect(page.locator("#inside-status")).to_contain_text("proposals")


def test_own_photo_is_followed(page):
    before = page.locator("#inside-overview img").get_attribute("src")
    with page.expect_file_chooser() as chooser:
        page.locator("#inside-photo").click()
    chooser.value.set_files(SAMPLES[2].path)
    expect(page.locator("#inside-overview img")).not_to_have_attribute("src", before, timeout=120_000)


def test_the_word_is_shared_by_all_views(page):
    open_view(page, "Six stages")
    picture = pictures(page, 6).first
    expect(picture).to_be_visible(timeout=120_000)
    before = picture.get_attribute("alt")
    page.locator("#inside-word input").click()
    page.get_by_role("option").nth(1).click()
    expect(picture).not_to_have_attribute("alt", before)
    expect(page.locator("#inside-overview img")).to_have_attribute("alt", re.compile("word 2"))


def test_fits_a_phone(inside_url, open_page):
    page = open_page(inside_url, width=390, height=844)
    enter(page)
    for view in VIEWS:
        open_view(page, view.title)
        expect(pictures(page, view.number).first).to_be_visible(timeout=120_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_lesson_deck_is_saved(page):
    with page.expect_download(timeout=300_000) as download:
        page.locator("#inside-deck").click()
    assert download.value.suggested_filename == "lesson-deck.pdf"
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
