"""The Correct tab as a person uses it, with a tiny spotter of random weights and a database of its own."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import gradio as gr
import numpy as np
import pytest
from PIL import Image

from annotation.formats import import_from
from annotation.formats.label_studio import validate
from annotation.schema import Region
from annotation.store import Store
from annotation.tabs.correct import Correct
from spotter.tabs.loading import Loader

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 400, 300
HOUSE = [[150, 40], [250, 40], [250, 80], [150, 80]]  # where the tests draw


def photo(number: int) -> bytes:
    """A JPEG that differs by its number."""
    image = np.full((HEIGHT, WIDTH, 3), 60 + 30 * number, np.uint8)
    for x in range(3):
        place = (20 + 120 * x, 120 + 40 * number + 20 * x)
        cv2.putText(image, "AbC"[x] * 3, place, cv2.FONT_HERSHEY_SIMPLEX, 1.4, (255, 255, 255), 3)
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG")
    return out.getvalue()


def upload_file(name: str, data: bytes) -> dict:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


PHOTOS = [upload_file(f"street {i}.jpg", photo(i)) for i in (1, 2, 3)]


class App:
    """The tab alone in an app, on a store that the tests look into."""

    def __init__(self, store: Store, weights: Path) -> None:
        from spotter.tabs.theme import CSS, theme

        self.store = store
        with gr.Blocks(analytics_enabled=False) as demo:
            gr.HTML('<p class="overlay">For open_page, which waits for it.</p>')
            with gr.Tab("First"):
                gr.Markdown("Nothing here.")
            with gr.Tab("Correct") as tab:
                self.tab = Correct(Loader(str(weights), "cpu"), store, tab)
        self.demo = demo.queue()
        demo.launch(
            prevent_thread_lock=True, quiet=True, theme=theme(), css=CSS, run_history=False, ssr_mode=False
        )

    def image(self, name: str, project: str = "default"):
        images = self.store.image_list(self.store.find_project(project))
        return next(image for image in images if image.name == name)

    def regions(self, name: str) -> list[Region]:
        return self.store.regions(self.image(name).id)

    def region(self, name: str, text: str) -> Region:
        return next(region for region in self.regions(name) if region.text == text)


@pytest.fixture
def app(tiny_file, tmp_path, monkeypatch) -> Iterator[App]:
    from gradio import networking

    monkeypatch.setattr(networking, "url_ok", lambda url: True)  # gives up after 3 s, too few when busy
    with Store(f"sqlite:///{tmp_path}/app.db") as store:
        app = App(store, tiny_file)
        yield app
        app.demo.close()


@pytest.fixture
def other(tmp_path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/other.db") as store:
        yield store


class Tab:
    """The tab on a page; places in pixels of the photo."""

    def __init__(self, page) -> None:
        self.page = page
        self.editor = page.locator("#correct-editor")
        self.photo = page.locator("svg.photo")
        self.pill = page.locator("#correct-editor .pill")
        page.set_default_timeout(30_000)
        page.get_by_role("tab", name="Correct").click()

    def at(self, x: float, y: float) -> tuple[float, float]:
        script = """(svg, [x, y]) => {
            const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
            return [p.x, p.y];
        }"""
        self.photo.scroll_into_view_if_needed()
        return tuple(self.photo.evaluate(script, [x, y]))

    def drag(self, start, end) -> None:
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=4)
        self.page.mouse.up()

    def click(self, x: float, y: float, **options) -> None:
        self.page.mouse.click(*self.at(x, y), **options)

    def do(self, action: str) -> None:
        self.editor.locator(f".bar [data-do={action}]").click()

    def add(self, *files: dict) -> None:
        self.page.locator("#correct-files input[type=file]").set_input_files(list(files))
        expect(self.page.locator("#correct-report .head")).to_contain_text("added", timeout=60_000)

    def read(self, count: int) -> None:
        """Waits until the background has read this many photos."""
        rows = self.page.locator("#correct-queue li")
        expect(rows).to_have_count(count, timeout=60_000)
        expect(rows.filter(has_text="doubt")).to_have_count(count, timeout=120_000)
        expect(self.page.locator("#correct-reading")).not_to_contain_text("reads", timeout=60_000)

    def open(self, name: str) -> None:
        self.page.locator("#correct-queue button.main").filter(has_text=name).click()
        expect(self.page.locator("#correct-title")).to_contain_text(name)

    def saved(self) -> None:
        expect(self.pill).to_have_text("Saved", timeout=30_000)

    def draw(self, points, text: str) -> None:
        """A box from its first to its third corner, with a text."""
        self.do("box")
        self.drag(points[0], points[2])
        self.type(text)

    def type(self, text: str) -> None:
        """Into the text field of the selected word."""
        self.page.keyboard.press("Enter") if not self.field.is_visible() else None
        self.field.fill(text)
        self.page.keyboard.press("Enter")
        self.saved()

    @property
    def field(self):
        return self.editor.locator(".card input")

    def row(self, text: str):
        return self.editor.locator("tbody tr").filter(has_text=text)


@pytest.fixture
def open_tab(app, open_page) -> Callable[..., Tab]:
    def open_one(width: int = 1280) -> Tab:
        return Tab(open_page(app.demo.local_url, width))

    return open_one


def close_to(points, wanted, tolerance: float = 1.5) -> bool:
    return np.abs(np.array(points) - np.array(wanted)).max() <= tolerance


def wait_for(condition: Callable, seconds: float = 30):
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail("It did not come to that.")


def test_whole_path(app, other, open_tab, tmp_path):
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
    corrected = app.regions("street 2.jpg")

    tab.page.reload()
    tab = Tab(tab.page)
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
    assert validate(json.loads((tmp_path / "out/tasks.json").read_text(encoding="utf-8"))) == []
    import_from(other, "p", tmp_path / "out")
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
    expect(tab.page.locator("#correct-empty")).to_contain_text("No photos yet")
    tab.page.locator("#correct-import input[type=file]").set_input_files(archive)
    expect(tab.page.locator("#correct-transfer .listing li").first).to_contain_text("3 added", timeout=60_000)
    twin = app.image("street 2.jpg", "second")
    assert app.store.regions(twin.id) == app.regions("street 2.jpg")
