"""The Correct tab alone in an app, with a tiny spotter of random weights, and the tab on a page."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import gradio as gr
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from annotation.region import Region
from annotation.store.store import Store
from annotation.tabs.correct import build_correct
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.page import page_options

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


class CorrectApp:
    """The tab alone in an app, and its store."""

    def __init__(self, store: Store, weights: Path, port: int | None = None) -> None:
        self.store = store
        with gr.Blocks(analytics_enabled=False) as demo:
            gr.HTML('<p class="overlay">For open_page, which waits for it.</p>')
            with gr.Tab("First"):
                gr.Markdown("Nothing here.")
            with gr.Tab("Correct", elem_id="correct-tab") as tab:
                build_correct(Loader(str(weights), "cpu"), store, tab)
        self.demo = demo.queue()
        demo.launch(
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            run_history=False,
            **page_options(),
        )

    def put(self, number: int, *regions: Region) -> int:
        """Adds a photo that has been read already, with these regions; returns its id."""
        project = self.store.ensure_project("default")
        image, _ = self.store.add_image(project, photo(number), f"street {number}.jpg")
        self.store.add_prediction(image.id, "before", [])
        self.store.save_regions(image.id, 0, regions, "before")
        return image.id

    def image(self, name: str, project: str = "default"):
        images = self.store.image_list(self.store.find_project(project))
        return next(image for image in images if image.name == name)

    def regions(self, name: str) -> list[Region]:
        return self.store.regions(self.image(name).id)

    def region(self, name: str, text: str) -> Region:
        return next(region for region in self.regions(name) if region.text == text)


class CorrectTab:
    """The tab on a page; points in pixels of the photo."""

    def __init__(self, page) -> None:
        self.page = page
        self.editor = page.locator("#correct-editor")
        self.photo = page.locator("svg.photo")
        self.pill = page.locator("#correct-editor .pill")
        page.set_default_timeout(30_000)
        page.get_by_role("tab", name="Correct").click()

    def at(self, x: float, y: float) -> tuple[float, float]:
        script = """async (svg, [x, y]) => {
            await Promise.allSettled(svg.getAnimations().map((animation) => animation.finished));
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
        expect(rows.filter(has_text="unsure")).to_have_count(count, timeout=120_000)
        expect(self.page.locator("#correct-reading")).not_to_contain_text("Reading", timeout=60_000)

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
        if not self.field.is_visible():
            self.page.keyboard.press("Enter")
        self.field.fill(text)
        self.page.keyboard.press("Enter")
        self.saved()

    @property
    def field(self):
        return self.editor.locator(".card input")

    def row(self, text: str):
        return self.editor.locator("tbody tr").filter(has_text=text)


def close_to(points, wanted, tolerance: float = 1.5) -> bool:
    return np.abs(np.array(points) - np.array(wanted)).max() <= tolerance


def wait_for(condition: Callable, seconds: float = 30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail("timeout")
