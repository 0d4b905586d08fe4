"""Checks, newer weights and bad files."""

from __future__ import annotations

import pytest

from annotation.region import Region
from tests.browser.correct.page import HOUSE, PHOTOS, expect, upload_file, wait_for

pytestmark = pytest.mark.browser


def test_findings_open_their_word_and_are_fixed_with_one_click(app, open_tab):
    app.put(1, Region(HOUSE, "fine", "h"))
    image_id = app.put(2, Region(HOUSE, " padded ", "p"), Region([[x, y + 100] for x, y in HOUSE], "", "e"))
    tab = open_tab()
    tab.open("street 1.jpg")
    tab.page.get_by_role("button", name="Check", exact=True).click()
    tab.page.get_by_role("button", name="Check now").click()
    findings = tab.page.locator("#correct-findings li")
    expect(findings).to_have_count(2, timeout=60_000)
    findings.filter(has_text="spaces").locator("button.main").click()
    expect(tab.page.locator("#correct-title")).to_contain_text("street 2.jpg")
    expect(tab.editor.locator("tr.selected")).to_contain_text("padded")
    findings.filter(has_text="spaces").locator("button.act").click()
    expect(findings).to_have_count(1)
    tab.page.get_by_role("button", name="Fix all").click()
    expect(tab.page.locator("#correct-findings")).to_contain_text("No problems found")
    assert [(r.text, r.illegible) for r in app.store.regions(image_id)] == [("padded", False), ("", True)]
    expect(tab.row("illegible")).to_be_visible()


def test_a_newer_model_does_not_change_corrected_words(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    expect(tab.row("house")).to_be_visible()
    tab.page.get_by_role("button", name="Project", exact=True).click()
    tab.page.get_by_role("button", name="Read again").click()
    tab.page.get_by_role("button", name="Read the whole project").click()
    wait_for(lambda: len(app.store.predictions(app.image("street 1.jpg").id)) == 2, 120)
    expect(tab.editor.locator("tbody tr")).to_have_count(len(app.regions("street 1.jpg")))
    assert app.region("street 1.jpg", "house").polygon == HOUSE
    expect(tab.row("house")).to_be_visible()


def test_bad_files_give_one_sentence(app, open_tab):
    app.put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    expect(tab.row("house")).to_be_visible()
    tab.page.get_by_role("button", name="Add photos").click()
    tab.page.locator("#correct-files input[type=file]").set_input_files(
        [upload_file("a<b>*x*.jpg", b"no picture"), PHOTOS[1]]
    )
    report = tab.page.locator("#correct-report")
    expect(report).to_contain_text("1 added, 1 refused", timeout=60_000)
    expect(report.locator(".fold")).to_contain_text("not an image that can be read")
    tab.page.locator("#correct-next").click()
    expect(report).to_contain_text("refused")  # until the next report
    report.get_by_role("button", name="Close").click()
    expect(report).to_be_hidden()
    tab.page.get_by_role("button", name="Import and export").click()
    tab.page.locator("#correct-import input[type=file]").set_input_files(
        upload_file("in.json", b'[{"data": ')
    )
    expect(tab.page.locator("#correct-transfer .listing")).to_contain_text("not valid JSON")
    assert [region.text for region in app.regions("street 1.jpg")] == ["house"]
