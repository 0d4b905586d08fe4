"""From the upload to the import of the exported project."""

from __future__ import annotations

import json
import zipfile

import pytest

from annotation.formats import import_from
from annotation.label_studio.export_tasks import validate
from tests.browser.correct.page import HOUSE, PHOTOS, CorrectTab, close_to, expect, wait_for

pytestmark = pytest.mark.browser


def test_photos_are_corrected_exported_and_imported_elsewhere(app, other, open_tab, tmp_path):
    """Three photos: corrected, found again after a reload, exported, imported elsewhere, the same there."""
    tab = open_tab()
    expect(tab.page.locator("#correct-empty")).to_contain_text("No photos yet")
    tab.add(*PHOTOS)
    tab.read(3)
    tab.open("street 2.jpg")

    tab.draw(HOUSE, "House")
    tab.drag((250, 80), (262, 88))  # its last corner but one
    tab.saved()
    assert close_to(app.region("street 2.jpg", "House").polygon, [*HOUSE[:2], [262, 88], HOUSE[3]])

    tab.page.keyboard.press("Escape")
    tab.do("band")
    for x, y in ((40, 250), (100, 232), (160, 250)):
        tab.click(x, y)
    tab.page.keyboard.press("Enter")
    for x, y in ((40, 275), (100, 257), (160, 275)):
        tab.click(x, y)
    tab.page.keyboard.press("Enter")
    tab.type("Curved")
    assert len(app.region("street 2.jpg", "Curved").polygon) >= 6

    tab.row("House").locator(".number").click()
    tab.type("Hôtel 咖啡")
    tab.row("Curved").locator("[data-row=remove]").click()
    wait_for(lambda: all(region.text != "Curved" for region in app.regions("street 2.jpg")))
    tab.do("undo")
    wait_for(lambda: any(region.text == "Curved" for region in app.regions("street 2.jpg")))
    tab.saved()
    expect(tab.row("Curved").locator(".offered")).not_to_be_empty(timeout=60_000)  # read again, only offered
    corrected = app.regions("street 2.jpg")

    # Not by reload(): gradio logs an error when a page is left while an event is under way.
    page = tab.page.context.new_page()
    page.goto(app.demo.local_url)
    tab = CorrectTab(page)
    expect(tab.page.locator("#correct-title")).to_contain_text("street 2.jpg")
    expect(tab.row("Hôtel 咖啡")).to_be_visible()
    expect(tab.row("Curved")).to_be_visible()
    expect(tab.editor.locator("tbody tr")).to_have_count(len(corrected))
    assert app.regions("street 2.jpg") == corrected
    tab.page.locator("#correct-done").click()
    wait_for(lambda: app.image("street 2.jpg").state == "done")
    expect(tab.page.locator("#correct-project")).to_contain_text("1 of 3 done")

    tab.page.get_by_role("button", name="Import and export").click()
    tab.page.get_by_role("button", name="Export the project").click()
    with tab.page.expect_download() as download:
        tab.page.locator("#correct-transfer a[download]").first.click(timeout=120_000)
    archive = tmp_path / "out.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    assert validate(json.loads((folder / "tasks.json").read_text(encoding="utf-8"))) == []
    import_from(other, "p", folder)
    project = other.find_project("p")
    there = {image.sha256: image for image in other.image_list(project)}
    for image in app.store.image_list(app.store.find_project("default")):
        twin = there.pop(image.sha256)
        assert (twin.name, twin.state) == (image.name, image.state)
        assert other.regions(twin.id) == app.store.regions(image.id)
        assert other.predictions(twin.id)[0].regions == app.store.predictions(image.id)[0].regions
    assert there == {}

    tab.page.locator("#correct-project input").first.fill("second")  # and into an empty project of the page
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("button", name="Create it").click()
    expect(tab.page.locator("#correct-empty")).to_contain_text("No photos yet")
    tab.page.locator("#correct-import input[type=file]").set_input_files(archive)
    expect(tab.page.locator("#correct-transfer .listing li").first).to_contain_text("3 added", timeout=60_000)
    twin = app.image("street 2.jpg", "second")
    assert app.store.regions(twin.id) == app.regions("street 2.jpg")
