"""Import and export on the page."""

from __future__ import annotations

from threading import Event

import pytest

from annotation.formats import exporting
from annotation.region import Region
from tests.browser.correct.page import HOUSE, expect, upload_file

pytestmark = pytest.mark.browser


@pytest.fixture
def drawer(app, open_tab):
    """A tab with a photo that "before" has worked on, and its import/export drawer, open."""
    app.put(1, Region([[float(x), float(y)] for x, y in HOUSE], "House"))
    tab = open_tab()
    tab.open("street 1.jpg")
    tab.page.get_by_role("button", name="Import and export").click()
    return tab


def test_a_filtered_export_lets_a_person_work_and_its_report_stays(app, drawer, monkeypatch, tmp_path):
    page = drawer.page
    report = page.locator("#correct-transfer-report")
    started, may_go_on = Event(), Event()
    original = exporting.export_project

    def slow(*arguments):
        started.set()
        assert may_go_on.wait(60)
        return original(*arguments)

    monkeypatch.setattr(exporting, "export_project", slow)
    page.locator("#correct-who :is(input, textarea)").fill("before")  # the edit below is by the same person
    page.get_by_label("Export format").click()
    page.get_by_role("option", name="CSV").click()
    expect(page.locator("#correct-transfer")).to_contain_text("A table for a spreadsheet")
    page.get_by_label("in work", exact=True).check()
    page.get_by_label("Only by").click()
    page.get_by_role("option", name="before").click()
    page.get_by_placeholder("YYYY-MM-DD").fill("2020-01-01")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Export the project").click()
    expect(report).to_contain_text("Export as CSV ...")
    assert started.wait(60)

    drawer.row("House").locator(".number").click()  # while the export runs
    drawer.type("Hotel")
    assert [region.text for region in app.regions("street 1.jpg")] == ["Hotel"]

    may_go_on.set()
    expect(report).to_contain_text("Export as CSV: done")
    expect(report).to_contain_text(
        "in work, last changed or marked as done by before, changed since 2020-01-01"
    )
    with page.expect_download() as download:
        page.locator("#correct-transfer a[download]").first.click()
    assert download.value.suggested_filename.startswith("default-csv-20")
    download.value.save_as(tmp_path / "words.csv")
    assert "street 1.jpg" in (tmp_path / "words.csv").read_text(encoding="utf-8-sig")


def test_a_refused_import_replaces_the_report_and_stays(drawer):
    page = drawer.page
    report = page.locator("#correct-transfer-report")
    page.get_by_role("button", name="Export the project").click()
    expect(report).to_contain_text("Export as Label Studio: done", timeout=120_000)  # imports its SDK first
    upload = page.locator("#correct-import input[type=file]")
    upload.set_input_files([upload_file("tasks.json", b'{"<b>odd</b>": 1}')])
    expect(report).to_contain_text("Import of tasks.json: refused")
    expect(report).to_contain_text("<b>odd</b>")  # as text
    expect(report).not_to_contain_text("/tmp")
    expect(page.locator(".toast-wrap")).not_to_contain_text("tasks.json")
    page.keyboard.press("Escape")
    expect(report).not_to_be_visible()
    page.get_by_role("button", name="Import and export").click()
    expect(report).to_contain_text("Import of tasks.json: refused")
