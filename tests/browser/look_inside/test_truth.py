"""The true words, which several views compare with."""

from __future__ import annotations

import re

import pytest

from spotter.explain.topics.two_stage_comparison import missing_packages
from spotter.tabs.shared.samples import SAMPLES
from tests.browser.look_inside.page import expect, fill_truth, open_drawer, open_view, outline, pictures

pytestmark = pytest.mark.browser


def test_the_truth_changes_the_h_mean(page):
    open_view(page, "hmean")
    picture = pictures(page, "hmean").first
    expect(picture).to_have_attribute("alt", re.compile("8 true"), timeout=120_000)  # the rendered sample's
    open_drawer(page)
    page.locator("#inside-truth button").first.click()
    box = page.get_by_label("True words (editable)")
    box.fill("CAFE: 10,10 90,10 90,40 10,40\n###: 5,5 795,5 795,595 5,595")
    box.blur()
    expect(picture).to_have_attribute("alt", re.compile("1 true and 0 found"), timeout=120_000)
    box.fill("")
    box.blur()
    expect(picture).to_have_attribute("alt", re.compile(" 0 true"), timeout=120_000)
    page.get_by_role("button", name="Restore the initial words").click()
    expect(picture).to_have_attribute("alt", re.compile("8 true"), timeout=120_000)


def test_a_photo_without_ground_truth_gets_a_note(page):
    warning = page.get_by_text("No ground truth yet: the network's")
    open_view(page, "hmean")
    expect(pictures(page, "hmean").first).to_be_visible(timeout=120_000)
    expect(warning).to_have_count(0)  # a sample's is known
    open_drawer(page)
    with page.expect_file_chooser() as chooser:
        page.locator("#inside-photo").click()
    chooser.value.set_files(SAMPLES[2].path)
    expect(warning).to_be_visible(timeout=120_000)
    fill_truth(page, "CAFE: 10,10 90,10 90,40 10,40")
    expect(warning).to_have_count(0, timeout=120_000)


def test_gates_are_compared_with_a_corrected_outline(page):
    corrected = outline(page, shift=4)
    open_view(page, "conversion")
    view = page.locator("#view-conversion")
    expect(pictures(page, "conversion").first).to_be_visible(timeout=120_000)
    fill_truth(page, "")
    expect(view.get_by_text("IoU with its true outline")).to_have_count(0, timeout=60_000)
    fill_truth(page, f"CAFE: {corrected}")
    expect(view.get_by_text("IoU with its true outline")).to_be_visible(timeout=60_000)


def test_a_word_is_cropped_more_and_more_loosely(page):
    fill_truth(page, f"CAFE: {outline(page)}")  # random weights find none of the sample's own words
    open_view(page, "why")
    picture = page.locator("#two-stage-inputs img")
    expect(picture).to_have_attribute("alt", re.compile("1.6 times as large"), timeout=120_000)
    page.locator("#two-stage-factor input[type=range]").press("ArrowRight")
    expect(picture).to_have_attribute("alt", re.compile("1.8 times as large"))
    page.get_by_label("Read all words in looser").check()
    expect(page.locator("#two-stage-curve img")).to_be_visible(timeout=300_000)
    expect(page.locator("#two-stage-crop img")).to_have_attribute("alt", re.compile("1.8 times as large"))
    expect(page.get_by_text("are not installed on this machine")).to_have_count(int(bool(missing_packages())))
