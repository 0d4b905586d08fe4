"""What can be taken away: slides of the photo, and the open view alone in a frame."""

from __future__ import annotations

import re

import pptx
import pytest

from tests.browser.look_inside.page import expect, open_view, pictures

pytestmark = pytest.mark.browser


def test_the_chosen_slides_are_saved(page):
    page.locator("#inside-take-away-open").click()
    for box in page.locator("#inside-deck-pages input").all()[1:-1]:
        box.uncheck()
    page.get_by_label("PPTX").check()
    with page.expect_download(timeout=300_000) as download:
        page.locator("#inside-deck").click()
    assert download.value.suggested_filename == "lesson-deck.pptx"
    titles = [slide.shapes.title.text for slide in pptx.Presentation(download.value.path()).slides]
    assert titles == ["SwinTextSpotter on one photo", "Glossary"]


def test_slides_need_a_page(page):
    page.locator("#inside-take-away-open").click()
    for box in page.locator("#inside-deck-pages input").all():
        box.uncheck()
    page.locator("#inside-deck").click()
    expect(page.get_by_text("Tick at least one page.")).to_be_visible()


def test_the_open_view_alone_fills_its_frame(app_url, open_page):
    page = open_page(f"{app_url}?tab=inside&photo=launch&word=2&view=stages")
    expect(pictures(page, "stages").first).to_be_visible(timeout=120_000)
    page.locator("#inside-take-away-open").click()
    box = page.locator("#inside-embed textarea")
    expect(box).to_have_value(re.compile('^<iframe .*title="Six stages"'))
    page.evaluate(
        "html => document.body.replaceChildren(document.createRange().createContextualFragment(html))",
        box.input_value(),
    )
    frame = page.frame_locator("iframe")
    picture = frame.locator("#view-stages .figure img").first
    expect(picture).to_be_visible(timeout=120_000)
    expect(picture).to_have_attribute("alt", re.compile("after stage 6"))
    expect(frame.locator("#inside-word input")).to_have_value(re.compile("^2 "))
    for hidden in (".masthead", "#inside-bar", "#inside-map", "[role=tab]:visible", ".colophon"):
        expect(frame.locator(hidden).first).not_to_be_visible()
    seen = picture.evaluate("""image => {
      const box = image.getBoundingClientRect();
      return { top: box.top, height: box.height, room: innerHeight, ratio: box.width / box.height,
        natural: image.naturalWidth / image.naturalHeight };
    }""")
    assert 0 <= seen["top"] < 40
    assert seen["height"] > 0.9 * seen["room"]
    assert seen["ratio"] == pytest.approx(seen["natural"], rel=0.01)


def test_a_photo_of_a_visitor_has_no_address(page):
    page.evaluate("""() => {
      const address = new URL(location.href);
      address.searchParams.delete("photo");  // as for a visitor's photo
      history.replaceState(null, "", address);
    }""")
    open_view(page, "stages")
    page.locator("#inside-take-away-open").click()
    expect(page.locator("#inside-embed textarea")).to_have_attribute(
        "placeholder", re.compile("Only for samples")
    )
    expect(page.locator("#inside-embed textarea")).to_have_value("")
