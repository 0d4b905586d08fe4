"""A gradio app around one editor, and the editor on a page, driven in image pixels."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import gradio as gr
from playwright.sync_api import expect

from annotation.editor import RegionEditor
from tests.browser.editor.words import HEIGHT, WIDTH, some_words

TIMEOUT = 30  # seconds; a busy machine is slow


class EditorServer:
    """`regions` is what the next photo starts with, `edits` what came back from the page."""

    def __init__(self, picture: Path) -> None:
        self.picture = picture
        self.photos = 0
        self.reset()
        with gr.Blocks(analytics_enabled=False) as self.demo:
            editor = RegionEditor(self.value, size_of=lambda image_id: (WIDTH, HEIGHT))
            options = {"show_progress": "hidden", "api_visibility": "private"}
            editor.input(self.record, editor, editor, trigger_mode="always_last", **options)
            gr.Button("Push").click(lambda: self.pushed(), None, editor, **options)
            gr.Button("Send").click(self.record, editor, editor, **options)

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.demo.launch(
            server_port=port, prevent_thread_lock=True, quiet=True, run_history=False, ssr_mode=False
        )

    def reset(self) -> None:
        self.photos += 1
        self.photo = f"photo {self.photos}"
        self.regions: list[dict] = some_words()
        self.edits: list[dict] = []
        self.answer: Callable[[dict], dict] = lambda value: gr.skip()  # to every edit
        self.pushed: Callable[[], dict] = lambda: gr.skip()  # what the button Push sends to the page

    def value(self, photo: str | None = None, **changes) -> dict:
        start = {"image_id": photo or self.photo, "photo": self.picture, "width": WIDTH, "height": HEIGHT}
        return start | {"regions": self.regions, "revision": 0} | changes

    def next_photo(self) -> dict:
        """Another photo and no pill: what the next test starts with."""
        return gr.update(value=self.value()) | RegionEditor.state("")

    def record(self, value: dict) -> dict:
        if value["image_id"] not in (self.photo, "next"):
            return gr.skip()  # an edit of the test before, which did not wait for it
        self.edits.append(value)
        return self.answer(value)


class EditorPage:
    """The editor on a page, in image pixels."""

    def __init__(self, page, server: EditorServer) -> None:
        self.page, self.server = page, server
        self.mouse, self.keys = page.mouse, page.keyboard
        self.photo = page.locator("svg.photo")

    # ---- Acting

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Image pixels -> pixels of the window, once the photo is still."""
        script = """async (svg, [x, y]) => {
            await Promise.allSettled(svg.getAnimations().map((animation) => animation.finished));
            const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
            return [p.x, p.y];
        }"""
        return tuple(self.photo.evaluate(script, [x, y]))

    def click(self, x: float, y: float, **options) -> None:
        self.mouse.click(*self.at(x, y), **options)

    def drag(self, start, end, steps: int = 5) -> None:
        a, b = self.at(*start), self.at(*end)
        self.mouse.move(*a)
        self.mouse.down()
        self.mouse.move(*b, steps=steps)
        self.mouse.up()

    def wheel(self, at: tuple[float, float], by: float) -> None:
        """Returns when the photo has followed: Playwright does not wait for the effect of a wheel."""
        before = self.view_box()
        self.mouse.move(*self.at(*at))
        self.mouse.wheel(0, by)
        self.wait(lambda: self.view_box() != before)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys.press(key)

    def do(self, name: str) -> None:
        self.page.locator(f".bar [data-do={name}]").click()

    def select(self, number: int) -> None:
        """By the list, which never opens the text field this way."""
        self.row(number).locator(".number").click()
        expect(self.word(number)).to_have_class(with_class("selected"))

    def focus(self) -> None:
        """Onto the photo with no word selected, as Tab would come there from the bars."""
        self.photo.focus()

    def push(self) -> None:
        """Lets the server send `pushed`, without moving the mouse or the focus."""
        button = self.page.get_by_role("button", name="Push", exact=True, include_hidden=True)
        button.evaluate("button => button.click()")

    # ---- Looking

    def word(self, number: int | str):
        return self.page.locator(f'.word[data-id="w{number}"]')

    def row(self, number: int | str):
        return self.page.locator(f'tr[data-id="w{number}"]')

    def view_box(self) -> list[float]:
        return [float(part) for part in self.photo.get_attribute("viewBox").split()]

    def focused(self) -> str:
        script = """() => {
            const node = document.activeElement;
            if (node.dataset.at) return 'corner ' + node.dataset.at;
            return node.dataset.id || node.getAttribute('class') || node.tagName;
        }"""
        return self.page.evaluate(script)

    def announced(self) -> str:
        return self.page.locator(".live").text_content().strip()

    # ---- What Python got

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < deadline, "timeout"
            self.page.wait_for_timeout(20)

    def received(self, revision: int) -> list[dict]:
        """The regions Python got with this revision, which must be the last one."""
        self.wait(lambda: self.server.edits and self.server.edits[-1]["revision"] >= revision)
        assert self.server.edits[-1]["revision"] == revision
        return self.server.edits[-1]["regions"]

    def region(self, revision: int, number: int = 0) -> dict:
        return next(r for r in self.received(revision) if r["id"] == f"w{number}")

    def newest(self, revision: int) -> dict:
        return self.received(revision)[-1]

    def send(self) -> dict:
        """What Python gets when another event takes the editor as its input."""
        count = len(self.server.edits)
        self.page.get_by_role("button", name="Send", exact=True).click()
        self.wait(lambda: len(self.server.edits) > count)
        return self.server.edits[-1]


class Pages:
    """Opens pages and collects their errors and requests to other hosts; most tests share one page."""

    def __init__(self, browser, server: EditorServer) -> None:
        self.browser, self.server = browser, server
        self.shared: EditorPage | None = None
        self.problems: list[str] = []

    def open(self, **options) -> EditorPage:
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        page = context.new_page()
        page.set_default_timeout(1000 * TIMEOUT)
        page.on("request", self.check_request)
        page.on("console", self.check_message)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(self.server.demo.local_url)
        return EditorPage(page, self.server)

    def check_message(self, message) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def check_request(self, request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.problems.append(request.url)

    def reuse(self) -> EditorPage:
        """The shared page with the next photo, which resets the editor."""
        if self.shared is None:
            self.shared = self.open()
        else:
            self.shared.mouse.move(0, 0)
            self.shared.press("Escape")  # closes the help dialog
            self.server.pushed = self.server.next_photo
            self.shared.push()
        return self.shared


def with_class(name: str) -> re.Pattern:
    return re.compile(rf"\b{name}\b")
