"""The statistics, as a person reads and downloads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from annotation.region import Region
from tests.browser.correct.page import HOUSE, expect, photo

pytestmark = pytest.mark.browser
MARKUP = "<img src=x onerror='window.harmed = true'>"


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_tables_chart_and_csv(app, open_tab, width, height):
    image = app.store.add_image(app.store.ensure_project("default"), photo(1), "street.jpg")[0].id
    app.store.add_prediction(image, MARKUP, [Region(HOUSE, "NOWA", score=0.9, reading_score=0.8)])
    for who, text in (("=ann", "Nova"), (MARKUP, "Nova 2")):
        opened = app.store.open_image(image)
        new = [replace(region, text=text) for region in opened.regions]
        app.store.save_regions(image, opened.image.version, new, who)
    page = open_tab(width, height).page
    if width < 600:
        page.locator("#correct-more button").click()
    page.locator("#correct-statistics > .label-wrap").click()
    panel = page.locator("#correct-statistics")
    expect(panel.get_by_text("Words per hour").first).to_be_visible()
    expect(panel.get_by_text(MARKUP).filter(visible=True).first).to_be_visible()
    expect(panel.get_by_text("0.0%").filter(visible=True).first).to_be_visible()
    assert not page.evaluate("window.harmed")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    with page.expect_download() as download:
        panel.get_by_text("Download as CSV").click()
    assert download.value.suggested_filename == "statistics.csv"
    assert ",'=ann," in Path(download.value.path()).read_text(encoding="utf-8-sig")
