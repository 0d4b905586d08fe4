"""The Read tab as a person uses it. Holds for whatever words the built-in weights find on the samples."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from spotter.config import nano
from spotter.tabs.shared.samples import SAMPLES, WORDS

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.browser

THRESHOLD = nano().score_threshold
SLIDER = "#words input[type=range]"


def stored(threshold: float) -> list[int]:
    """Number of words stored for each sample above a threshold."""
    images = json.loads(WORDS.read_text(encoding="utf-8"))["images"]
    return [sum(w["score"] > threshold for w in images[sample.file]["words"]) for sample in SAMPLES]


def richest() -> int:
    counts = stored(0)
    return counts.index(max(counts))


def pick(page, sample: int) -> None:
    page.locator("#samples .thumbnail-item").nth(sample).click()
    expect(page.locator("#words .credit")).to_contain_text(SAMPLES[sample].credit)


def move_slider(page, key: str) -> None:
    page.locator(SLIDER).press(key)


def upload(page, file: Path | dict) -> None:
    page.locator("#photo input[type=file]").set_input_files(file)


def test_first_paint_shows_the_stored_words_of_the_first_sample(app_url, open_page):
    page = open_page(app_url)
    expect(page.locator("#words .word")).to_have_count(stored(THRESHOLD)[0])
    expect(page.locator("#words .status")).to_contain_text("read in")


def test_slider_hides_words_without_reading_again(app_url, open_page):
    page = open_page(app_url)
    pick(page, richest())
    expect(page.locator("#words .word")).to_have_count(stored(THRESHOLD)[richest()])
    move_slider(page, "Home")
    expect(page.locator("#words .word")).to_have_count(stored(0)[richest()])
    expect(page.locator("#words tbody tr")).to_have_count(stored(0)[richest()])
    move_slider(page, "End")
    expect(page.locator("#words .word")).to_have_count(0)
    expect(page.locator("#words .empty")).to_contain_text("No words found")
    expect(page.locator("#words .save")).to_be_disabled()


def test_word_and_row_are_selected_together(app_url, open_page):
    page = open_page(app_url)
    pick(page, richest())
    move_slider(page, "Home")
    page.locator("#words tbody tr").first.click()
    expect(page.locator("#words .word").first).to_have_attribute("aria-pressed", "true")
    page.locator("#words .word").first.focus()
    page.keyboard.press("Escape")
    expect(page.locator("#words tr.selected")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    index = 1 % stored(0)[richest()]
    expect(page.locator("#words tbody tr").nth(index)).to_have_class("hovered selected")
    expect(page.locator("#words .word").nth(index)).to_have_attribute("aria-label", page_text(page, index))


def page_text(page, index: int) -> re.Pattern:
    """The label of a word starts with its text in the list."""
    text = page.locator("#words tbody .text").nth(index).inner_text()
    return re.compile("^" + re.escape("unreadable" if text == "(no text)" else text))


def test_downloaded_json_has_the_shown_words(app_url, open_page, tmp_path):
    page = open_page(app_url)
    pick(page, richest())
    move_slider(page, "Home")
    with page.expect_download() as download:
        page.locator("#words .save").click()
    assert download.value.suggested_filename == f"{SAMPLES[richest()].path.stem}.json"
    download.value.save_as(tmp_path / "words.json")
    content = json.loads((tmp_path / "words.json").read_text(encoding="utf-8"))
    assert set(content) == {"model", "images"}
    assert set(content["model"]) == {"name", "sha256", "trained_images"}
    entry = content["images"][SAMPLES[richest()].file]
    assert entry["width"] > 0
    assert entry["height"] > 0
    assert len(entry["words"]) == stored(0)[richest()]
    for word in entry["words"]:
        known = {"id", "polygon", "box", "text", "score", "reading_score", "characters"}
        assert set(word) - {"network_text"} == known  # which only words have that known words changed
        assert len(word["polygon"]) >= 3
        assert all(len(point) == 2 for point in word["polygon"])
        assert len(word["box"]) == 4


def test_copied_text_has_every_shown_word(app_url, open_page):
    page = open_page(app_url)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    pick(page, richest())
    move_slider(page, "Home")
    page.locator("#words .copy").click()
    expect(page.locator("#words .copy")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()").split()
    shown = " ".join(page.locator("#words .label").all_text_contents()).split()
    assert sorted(copied) == sorted(shown)


def test_labels_can_be_hidden(app_url, open_page):
    page = open_page(app_url)
    pick(page, richest())
    move_slider(page, "Home")
    label = page.locator("#words .label:not(.covered)").first
    expect(label).to_be_visible()
    page.locator("#words input[type=checkbox]").uncheck()
    expect(label).to_be_hidden()


def test_uploaded_photo_is_read_by_the_spotter(app_url, open_page):
    page = open_page(app_url)
    name = "a<b>&'x'.jpg"  # a name that would break out of markup
    upload(page, {"name": name, "mimeType": "image/jpeg", "buffer": SAMPLES[richest()].path.read_bytes()})
    expect(page.locator("#words .credit")).to_have_text("", timeout=180_000)
    move_slider(page, "Home")
    expect(page.locator("#words .word")).to_have_count(stored(0)[richest()])


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("notes.jpg", b"Dear reader, this is no picture.", "not an image that can be read"),
        ("cut.jpg", SAMPLES[0].path.read_bytes()[:5000], "cut short"),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing"),
    ],
)
def test_bad_file_gives_one_clear_sentence(app_url, open_page, name, data, says):
    page = open_page(app_url)
    upload(page, {"name": name, "mimeType": "image/jpeg", "buffer": data})
    toast = page.locator("[data-testid=toast-body]")
    expect(toast).to_contain_text(says)
    assert "Traceback" not in page.content()
    expect(page.locator("#words .word")).to_have_count(stored(THRESHOLD)[0])


def test_a_photo_from_the_camera_is_read(app_url, open_page):
    page = open_page(app_url)
    page.locator("#photo").get_by_label("Capture from camera").click()
    page.get_by_text("Click to Access Webcam").click()
    page.wait_for_function(
        "(document.querySelector('#photo video')?.readyState ?? 0) >= 3"
    )  # it has a picture
    page.get_by_label("capture photo").click()
    expect(page.locator("#words .status")).to_contain_text("1920 × 1440 pixels", timeout=120_000)


def test_fits_a_phone(app_url, open_page):
    page = open_page(app_url, width=390, height=844)
    pick(page, richest())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
