"""The region editor by itself in a real Chromium: what a hand does, and what Python receives."""

from __future__ import annotations

import json
import math
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from annotation.editor import RegionEditor
from annotation.editor.editor import HERE

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 800, 600
SECONDS = 30  # that a busy machine may take for anything
PURE = ""


def box(x1: float, y1: float, x2: float, y2: float) -> list[list[float]]:
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


def arch(x: float, y: float, radius: float, thick: float, count: int = 7) -> list[list[float]]:
    """2 * count points: along the upper arc from left to right, back along the lower one."""
    angles = [math.pi * (1.15 + 0.7 * i / (count - 1)) for i in range(count)]
    upper = [[x + radius * math.cos(a), y + radius * math.sin(a)] for a in angles]
    lower = [[x + (radius - thick) * math.cos(a), y + (radius - thick) * math.sin(a)] for a in angles]
    return [[round(p, 1), round(q, 1)] for p, q in upper + lower[::-1]]


def word(number: int, points: list, text: str, **changes) -> dict:
    return {
        "id": f"w{number}",
        "points": points,
        "text": text,
        "score": 0.9,
        "reading_score": 0.8,
        "characters": [],
        "illegible": False,
        "difficult": False,
        "locked": False,
        "origin": "model",
        "suggestion": None,
    } | changes


def letters(text: str, *scores: float) -> list[dict]:
    return [{"text": sign, "score": score} for sign, score in zip(text, scores, strict=True)]


def some_words() -> list[dict]:
    """Reading order w0, w1, w2, w3."""
    return [
        word(0, box(90, 90, 330, 160), "HELLO", characters=letters("HELLO", 0.9, 0.9, 0.5, 0.4, 0.9)),
        word(1, box(340, 90, 520, 160), "WORLD", score=0.3, reading_score=0.4),
        word(2, arch(300, 420, 180, 60), "ROUND SIGN"),
        word(
            3, box(560, 450, 760, 500), "mine", locked=True, score=None, reading_score=None, origin="person"
        ),
    ]


class Server:
    """A Gradio app around one editor. `regions` is what the next photo starts with, `got` what came back."""

    def __init__(self, picture: Path) -> None:
        self.picture = picture
        self.photos = 0
        self.reset()
        with gr.Blocks(analytics_enabled=False) as demo:
            editor = RegionEditor(self.value, size_of=lambda image_id: (WIDTH, HEIGHT))
            options = {"show_progress": "hidden", "api_visibility": "private"}
            editor.input(self.record, editor, editor, trigger_mode="always_last", **options)
            gr.Button("Late").click(lambda: self.late(), None, editor, **options)
            gr.Button("Read").click(self.record, editor, editor, **options)
        self.demo = demo

    def reset(self) -> None:
        self.photos += 1
        self.photo = f"photo {self.photos}"
        self.regions: list[dict] = some_words()
        self.got: list[dict] = []
        self.answer: Callable[[dict], dict] = lambda value: gr.skip()  # to every edit
        self.late: Callable[[], dict] = lambda: gr.skip()  # what the button Late brings

    def value(self, photo: str | None = None, **changes) -> dict:
        start = {"image_id": photo or self.photo, "photo": self.picture, "width": WIDTH, "height": HEIGHT}
        return start | {"regions": self.regions, "revision": 0} | changes

    def first(self) -> dict:
        """Another photo, and no pill: what the next test starts with."""
        return gr.update(value=self.value()) | RegionEditor.state("")

    def record(self, value: dict) -> dict:
        if value["image_id"] not in (self.photo, "next"):
            return gr.skip()  # an edit of the test before, which did not wait for it
        self.got.append(value)
        return self.answer(value)


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Server]:
    # One file: an array would be written again for every photo, also while the page still loads it.
    picture = tmp_path_factory.mktemp("editor") / "grey.png"
    Image.new("RGB", (WIDTH, HEIGHT), (90, 90, 90)).save(picture)
    server = Server(picture)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server.demo.launch(
        server_port=port, prevent_thread_lock=True, quiet=True, run_history=False, ssr_mode=False
    )
    yield server
    server.demo.close()


@pytest.fixture
def server(running) -> Server:
    running.reset()
    return running


class Editor:
    """The editor on a page, in image pixels."""

    def __init__(self, page, server: Server) -> None:
        self.page, self.server = page, server
        self.mouse, self.keys = page.mouse, page.keyboard
        self.photo = page.locator("svg.photo")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Image pixels -> pixels of the window."""
        script = """(svg, [x, y]) => {
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
        """Returns when the photo has followed: Playwright does not wait for what a wheel does."""
        before = view_box(self)
        self.mouse.move(*self.at(*at))
        self.mouse.wheel(0, by)
        self.wait(lambda: view_box(self) != before)

    def wait(self, holds: Callable[[], bool]) -> None:
        """Until something holds; a wait for a time would be too short on a busy machine."""
        give_up = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < give_up, "it did not come about"
            self.page.wait_for_timeout(20)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys.press(key)

    def do(self, name: str) -> None:
        self.page.locator(f".bar [data-do={name}]").click()

    def word(self, number: int | str):
        return self.page.locator(f'.word[data-id="w{number}"]')

    def row(self, number: int | str):
        return self.page.locator(f'tr[data-id="w{number}"]')

    def select(self, number: int) -> None:
        """By the list, which never opens the text field this way."""
        self.row(number).locator(".number").click()
        expect(self.word(number)).to_have_class(with_class("selected"))

    def received(self, revision: int) -> list[dict]:
        """The regions Python got with this revision, which must be the last one."""
        self.wait(lambda: self.server.got and self.server.got[-1]["revision"] >= revision)
        assert self.server.got[-1]["revision"] == revision
        return self.server.got[-1]["regions"]

    def send(self) -> dict:
        """What Python gets when another event takes the editor as its input."""
        count = len(self.server.got)
        self.page.get_by_role("button", name="Read", exact=True).click()
        self.wait(lambda: len(self.server.got) > count)
        return self.server.got[-1]

    def region(self, revision: int, number: int = 0) -> dict:
        return next(r for r in self.received(revision) if r["id"] == f"w{number}")

    def newest(self, revision: int) -> dict:
        return self.received(revision)[-1]

    def focused(self) -> str:
        script = """() => {
            const node = document.activeElement;
            if (node.dataset.at) return 'corner ' + node.dataset.at;
            return node.dataset.id || node.getAttribute('class') || node.tagName;
        }"""
        return self.page.evaluate(script)

    def said(self) -> str:
        return self.page.locator(".live").text_content().strip()

    def focus(self) -> None:
        """Onto the photo with no word chosen, as Tab would come there from the bars."""
        self.photo.focus()


def with_class(name: str) -> re.Pattern:
    return re.compile(rf"\b{name}\b")


class Pages:
    """Pages that ask no other host for anything and log no error; one is kept for most tests."""

    def __init__(self, browser, server: Server) -> None:
        self.browser, self.server = browser, server
        self.kept: Editor | None = None
        self.strangers: list[str] = []
        self.errors: list[str] = []

    def open(self, **options) -> Editor:
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        page = context.new_page()
        page.set_default_timeout(1000 * SECONDS)
        page.on("request", self.watch)
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.server.demo.local_url)
        return Editor(page, self.server)

    def hear(self, message) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def watch(self, request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.strangers.append(request.url)

    def reuse(self) -> Editor:
        """The kept page with the next photo, which resets the editor."""
        if self.kept is None:
            self.kept = self.open()
        else:
            self.kept.mouse.move(0, 0)
            self.kept.press("Escape")  # a help sheet
            self.server.late = self.server.first
            click_late(self.kept)
        return self.kept


@pytest.fixture(scope="module")
def pages(browser, running) -> Iterator[Pages]:
    pages = Pages(browser, running)
    yield pages
    if pages.kept:
        pages.kept.page.context.close()


@pytest.fixture
def open_editor(pages, server) -> Iterator[Callable[..., Editor]]:
    opened = []

    def open_one(regions: list[dict] | None = None, **options) -> Editor:
        if regions is not None:
            server.regions = regions
        editor = pages.open(**options) if options else pages.reuse()
        if options:
            opened.append(editor)
        shown = editor.page.locator(f'.editor[data-image="{server.photo}"]')
        expect(shown).to_be_visible(timeout=60_000)
        expect(editor.page.locator(".word")).to_have_count(len(server.regions))
        return editor

    yield open_one
    for editor in opened:
        editor.page.context.close()
    seen = [*pages.strangers, *pages.errors]
    pages.strangers.clear()
    pages.errors.clear()
    assert seen == []


@pytest.fixture
def editor(open_editor) -> Editor:
    return open_editor()


def click_late(editor: Editor) -> None:
    """Without moving the mouse or the focus."""
    editor.page.get_by_role("button", name="Late", exact=True, include_hidden=True).evaluate(
        "button => button.click()"
    )


def close_to(points, wanted, tolerance: float = 0.11) -> bool:
    return len(points) == len(wanted) and all(
        math.dist(p, q) <= tolerance for p, q in zip(points, wanted, strict=True)
    )


# ---- Choosing


def test_a_click_selects_and_the_list_follows(editor):
    editor.click(430, 125)
    expect(editor.row(1)).to_have_class("selected")
    editor.row(2).locator(".number").click()
    expect(editor.word(2)).to_have_class(with_class("selected"))
    expect(editor.word(1)).not_to_have_class(with_class("selected"))
    editor.click(600, 300)
    expect(editor.page.locator(".word.selected")).to_have_count(0)
    assert editor.server.got == []


def test_tab_and_arrows_go_through_words_in_reading_order(editor):
    editor.focus()
    seen = []
    for _ in range(4):
        editor.press("Tab")
        seen.append(editor.focused())
    assert seen == ["w0", "w1", "w2", "w3"]
    editor.press("ArrowLeft", "ArrowUp")
    assert editor.focused() == "w1"
    editor.press("ArrowDown", "Shift+Tab", "Home")
    assert editor.focused() == "w0"
    editor.press("End")
    assert editor.focused() == "w3"
    expect(editor.row(3)).to_have_class("selected")
    editor.press("Escape")
    assert editor.focused() == "photo"
    editor.press("Tab")  # out of the photo
    assert not editor.page.evaluate("document.querySelector('svg.photo').contains(document.activeElement)")


def test_shift_tab_leaves_at_the_first_word(editor):
    editor.focus()
    editor.press("Tab", "Shift+Tab", "Shift+Tab")
    assert not editor.page.evaluate("document.querySelector('svg.photo').contains(document.activeElement)")


# ---- Shapes


@pytest.mark.parametrize("zoom", ["fit", "wheel", "word"])
def test_a_dragged_corner_is_exact_in_image_pixels(editor, zoom):
    editor.select(0)
    if zoom == "wheel":
        for _ in range(4):
            editor.wheel((325, 125), -250)  # on the word, where its text field never is
    elif zoom == "word":
        editor.do("zoomWord")
    editor.drag((330, 160), (341, 171))
    region = editor.region(1)
    assert close_to(region["points"], [[90, 90], [330, 90], [341, 171], [90, 160]])
    assert region["locked"]
    others = {r["id"]: r for r in editor.received(1)}
    assert others["w1"] == some_words()[1]


def test_corners_stop_at_the_edge_of_the_image(editor):
    editor.select(0)
    editor.drag((90, 90), (-30, -40))
    assert editor.region(1)["points"][0] == [0, 0]


def test_a_chosen_word_is_moved_and_keeps_its_shape(editor):
    editor.select(0)
    editor.drag((200, 125), (240, 155))
    assert close_to(editor.region(1)["points"], box(130, 120, 370, 190))
    editor.drag((240, 155), (-300, 155))
    assert close_to(editor.region(2)["points"], box(0, 120, 240, 190))


def test_a_word_that_is_not_chosen_stays_under_a_drag(editor):
    editor.drag((430, 125), (500, 300))
    assert editor.send()["regions"] == some_words()


def test_corners_are_added_and_deleted_by_mouse(editor):
    editor.select(0)
    editor.drag((210, 90), (210, 60))
    assert close_to(editor.region(1)["points"], [[90, 90], [210, 60], [330, 90], [330, 160], [90, 160]])
    editor.click(330, 125)  # the dot between the third and the fourth corner
    assert editor.region(2)["points"][3] == [330, 125]
    editor.press("Delete")
    assert len(editor.region(3)["points"]) == 5
    editor.keys.down("Alt")
    editor.click(210, 60)
    editor.keys.up("Alt")
    assert close_to(editor.region(4)["points"], box(90, 90, 330, 160))


def test_three_corners_are_the_least(open_editor):
    editor = open_editor([word(0, [[100, 100], [300, 100], [200, 250]], "tri")])
    editor.select(0)
    editor.click(200, 250)
    editor.press("Delete")
    assert editor.said() == "A word has at least three corners"
    assert editor.server.got == []


def test_escape_takes_a_drag_back(editor):
    editor.select(0)
    editor.mouse.move(*editor.at(330, 160))
    editor.mouse.down()
    editor.mouse.move(*editor.at(400, 300), steps=3)
    editor.press("Escape")
    editor.mouse.up()
    assert editor.word(0).locator(".line").get_attribute("points") == "90,90 330,90 330,160 90,160"
    assert editor.server.got == []


# ---- Drawing


def test_a_box_is_dragged(editor):
    editor.do("box")
    editor.drag((600, 300), (720, 340))
    new = editor.newest(1)
    assert close_to(new["points"], box(600, 300, 720, 340))
    assert (new["origin"], new["locked"], new["score"], new["text"]) == ("person", True, None, "")
    editor.keys.type("new")  # the text field has the focus
    editor.press("Enter")
    assert editor.newest(2)["text"] == "new"


def test_a_quad_is_clicked_corner_by_corner_in_any_order(editor):
    editor.press("Tab")
    editor.do("box")
    for x, y in [(600, 300), (720, 350), (710, 290), (605, 345)]:
        editor.click(x, y)
    assert close_to(editor.newest(1)["points"], [[600, 300], [710, 290], [720, 350], [605, 345]])


@pytest.mark.parametrize("end", ["Enter", "double click", "first point", "Done"])
def test_a_polygon_is_clicked_and_closed(editor, end):
    corners = [(600, 300), (680, 280), (740, 330), (690, 380), (610, 360)]
    editor.do("polygon")
    for x, y in corners[:-1]:
        editor.click(x, y)
    if end == "double click":
        editor.mouse.dblclick(*editor.at(*corners[-1]))
    else:
        editor.click(*corners[-1])
    if end == "Enter":
        editor.press("Enter")
    elif end == "first point":
        editor.click(*corners[0])
    elif end == "Done":
        editor.page.get_by_role("button", name="Done").click()
    assert close_to(editor.newest(1)["points"], corners)


def test_escape_cancels_and_backspace_takes_a_point_back(editor):
    editor.do("polygon")
    for x, y in [(600, 300), (680, 280), (740, 330)]:
        editor.click(x, y)
    editor.press("Backspace")
    expect(editor.page.locator(".draft .dot")).to_have_count(2)
    editor.press("Escape")
    expect(editor.page.locator(".draft *")).to_have_count(0)
    expect(editor.page.locator(".word")).to_have_count(4)
    assert editor.server.got == []


@pytest.mark.parametrize("backwards", [False, True])
def test_a_curved_band_is_its_top_and_its_bottom_line(editor, backwards):
    top, bottom = [(560, 250), (640, 220), (720, 250)], [(565, 290), (640, 262), (715, 290)]
    editor.do("band")
    for x, y in top:
        editor.click(x, y)
    editor.press("Enter")
    for x, y in bottom[::-1] if backwards else bottom:
        editor.click(x, y)
    shown = editor.page.locator(".draft polygon.line")
    assert len(shown.get_attribute("points").split()) >= 6
    editor.press("Enter")
    assert close_to(editor.newest(1)["points"], top + bottom[::-1])


def test_too_small_a_word_is_not_added(editor):
    editor.do("polygon")
    for x in (600, 610, 620):
        editor.click(x, 300)
    editor.press("Enter")
    assert editor.said() == "Too small for a word: nothing was added"
    assert editor.server.got == []


# ---- One into two, two into one


def test_a_word_is_split_where_one_clicks(editor):
    editor.select(0)
    editor.do("split")
    editor.click(186, 125)
    first, second = editor.received(1)[:2]
    assert (first["id"], first["text"], second["text"]) == ("w0", "HE", "LLO")
    assert math.isclose(first["points"][1][0], 186, abs_tol=2.5)
    assert first["points"][1] == second["points"][0]
    assert first["points"][2] == second["points"][3]
    assert second["origin"] == "person"


def test_a_curved_word_is_split_across_its_band_at_the_space(editor):
    editor.select(2)
    editor.do("split")
    editor.click(300, 270)
    words = [r for r in editor.received(1) if r["text"] in ("ROUND", "SIGN")]
    assert len(words) == 2
    assert all(len(r["points"]) == 8 for r in words)
    shared = set(map(tuple, words[0]["points"])) & set(map(tuple, words[1]["points"]))
    assert shared == {(300, 240), (300, 300)}


@pytest.mark.parametrize("how", ["shift click", "pick", "list"])
def test_two_words_are_merged_in_reading_order(editor, how):
    editor.select(1)
    if how == "shift click":
        editor.keys.down("Shift")
        editor.click(200, 125)
        editor.keys.up("Shift")
        editor.do("merge")
    else:
        editor.do("merge")
        if how == "pick":
            editor.click(200, 125)
        else:
            editor.row(0).locator(".number").click()
    merged = editor.region(1)
    assert len(editor.received(1)) == 3
    assert merged["text"] == "HELLOWORLD"  # 10 pixels apart, 70 high: pieces of one word
    assert close_to(merged["points"], box(90, 90, 520, 160))


def test_merging_words_that_are_apart_keeps_the_space_and_takes_the_hull(editor):
    editor.select(1)
    editor.do("merge")
    editor.click(660, 475)
    merged = editor.region(1, 1)
    assert merged["text"] == "WORLD mine"
    assert close_to(merged["points"], [[340, 90], [520, 90], [760, 450], [760, 500], [560, 500], [340, 160]])


def test_duplicate_and_delete(editor):
    editor.select(0)
    editor.do("duplicate")
    copy = editor.newest(1)
    assert (copy["text"], copy["origin"], copy["locked"]) == ("HELLO", "person", True)
    dx, dy = copy["points"][0][0] - 90, copy["points"][0][1] - 90
    assert dx == dy > 0
    assert close_to(copy["points"], [[x + dx, y + dy] for x, y in box(90, 90, 330, 160)])
    editor.do("remove")
    assert [r["id"] for r in editor.received(2)] == ["w0", "w1", "w2", "w3"]
    editor.row(1).locator("[data-row=remove]").click()
    assert [r["id"] for r in editor.received(3)] == ["w0", "w2", "w3"]


# ---- Text and flags


def overlap(a: dict, b: dict) -> bool:
    across = a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
    return across and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_the_text_field_opens_beside_the_word_and_never_on_it(editor, number):
    centre = [(200, 125), (430, 125), (300, 270), (660, 475)][number]
    editor.click(*centre)
    editor.click(*centre)
    field = editor.page.locator(".card input")
    expect(field).to_be_focused()
    for zoomed in (False, True):
        if zoomed:
            editor.page.locator(".card input").press("Enter")
            editor.press("z")
        assert not overlap(
            editor.page.locator(".card").bounding_box(), editor.word(number).locator(".line").bounding_box()
        )


def test_text_is_typed_where_one_clicked(editor):
    editor.click(200, 125)
    editor.click(200, 125)
    editor.keys.type("Help")
    editor.press("Enter")
    region = editor.region(1)
    assert (region["text"], region["locked"], region["characters"]) == ("Help", True, [])
    assert region["reading_score"] is None
    assert editor.focused() == "w0"
    expect(editor.row(0).locator(".word-text")).to_have_text("Help")


def test_tab_keeps_the_text_and_goes_to_the_next_word(editor):
    editor.click(200, 125)
    editor.press("Enter")
    editor.keys.type("one")
    editor.press("Tab")
    expect(editor.page.locator(".card input")).to_have_value("WORLD")
    editor.keys.type("two")
    editor.press("Shift+Tab")
    expect(editor.page.locator(".card input")).to_have_value("one")
    editor.keys.type("three")
    editor.press("Escape")
    texts = [r["text"] for r in editor.received(2)]
    assert texts[:2] == ["one", "two"]
    assert editor.focused() == "w0"


def test_a_text_in_the_field_is_kept_when_one_clicks_elsewhere(editor):
    editor.row(1).locator(".word-text").click()
    editor.keys.type("kept")
    editor.page.get_by_role("button", name="Read", exact=True).click()
    assert editor.region(1, 1)["text"] == "kept"


def test_uncertain_characters_are_underlined(editor):
    assert editor.row(0).locator("u").all_text_contents() == ["LL"]
    assert editor.row(1).locator("u").count() == 0
    editor.click(200, 125)
    assert editor.page.locator(".preview u").all_text_contents() == ["LL"]
    editor.press("Enter")
    editor.keys.type("x")
    expect(editor.page.locator(".preview")).to_be_hidden()


def test_unsure_first_orders_the_list(editor):
    editor.page.get_by_label("Unsure first").check()
    ids = editor.page.locator("tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.id)")
    assert ids == ["w1", "w0", "w2", "w3"]
    editor.page.get_by_label("Unsure first").uncheck()
    ids = editor.page.locator("tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.id)")
    assert ids == ["w0", "w1", "w2", "w3"]


def test_flags_by_bar_and_by_list(editor):
    editor.select(0)
    editor.do("illegible")
    assert editor.region(1)["illegible"]
    expect(editor.page.locator(".bar [data-do=illegible]")).to_have_attribute("aria-pressed", "true")
    expect(editor.word(0)).to_have_class(with_class("illegible"))
    editor.row(1).locator("[data-row=difficult]").click()
    assert editor.region(2, 1)["difficult"]
    editor.row(1).locator("[data-row=difficult]").click()
    assert not editor.region(3, 1)["difficult"]


def test_locked_words_are_shown_as_such(editor):
    assert "locked" in editor.word(3).get_attribute("class")
    assert "checked, locked" in editor.word(3).get_attribute("aria-label")
    expect(editor.word(3).locator(".badge")).to_be_visible()
    expect(editor.word(0).locator(".badge")).to_be_hidden()
    assert (
        editor.word(3).locator(".line").evaluate("node => getComputedStyle(node).stroke")
        == "rgb(255, 255, 255)"
    )
    expect(editor.row(3).locator(".number svg")).to_be_visible()
    editor.select(0)
    editor.do("lock")
    assert editor.region(1) == some_words()[0] | {"locked": True}
    editor.do("lock")  # once checked, always checked: no second edit
    editor.do("undo")
    assert editor.region(2) == some_words()[0]


# ---- Undo


def test_undo_and_redo_go_all_the_way(editor):
    start, states = some_words(), []

    def step() -> None:
        states.append(editor.received(len(states) + 1))

    editor.select(0)
    editor.drag((330, 160), (340, 170))
    step()
    editor.drag((200, 125), (220, 140))
    step()
    editor.do("illegible")
    step()
    editor.do("split")
    editor.click(230, 140)
    step()
    editor.do("merge")
    editor.click(430, 125)
    step()
    editor.do("duplicate")
    step()
    editor.do("remove")
    step()
    editor.row(2).locator(".word-text").click()
    editor.keys.type("text")
    editor.press("Enter")
    step()
    editor.do("box")
    editor.drag((600, 300), (720, 340))
    step()
    editor.press("Escape")
    count = len(states)
    history = [start, *states]
    for i in range(count):
        editor.press("Control+z")
        assert editor.received(count + i + 1) == history[-2 - i]
    assert editor.server.got[-1]["regions"] == start
    editor.press("Control+z")
    assert editor.said() == "Nothing to undo"
    for i in range(count):
        editor.press("Control+y" if i % 2 else "Control+Shift+z")
        assert editor.received(2 * count + i + 1) == history[i + 1]


# ---- All of it without a mouse


def test_the_keyboard_moves_words_and_corners(editor):
    editor.focus()
    editor.press("Tab", "m", "ArrowRight", "Shift+ArrowDown", "Enter")
    assert editor.region(2)["points"] == box(91, 100, 331, 170)
    editor.press("v", "Tab", "ArrowUp")
    assert editor.focused() == "corner 1"
    assert editor.region(3)["points"][1] == [331, 99]
    editor.press("n")
    assert editor.region(4)["points"][2] == [331, 134.5]
    assert editor.focused() == "corner 2"
    editor.press("Delete")
    assert editor.region(5)["points"] == [[91, 100], [331, 99], [331, 170], [91, 170]]
    editor.press("Shift+Tab", "Escape")
    assert editor.focused() == "w0"


def test_a_held_key_is_one_edit(editor):
    editor.focus()
    editor.press("Tab", "m")
    for _ in range(5):
        editor.keys.down("ArrowRight")
    editor.keys.up("ArrowRight")
    assert editor.region(1)["points"] == box(95, 90, 335, 160)
    editor.press("Enter", "Control+z")
    assert editor.received(2) == some_words()


def test_the_keyboard_draws(editor):
    editor.focus()
    editor.press("q")
    for keys in (
        ["Space"],
        ["Shift+ArrowRight", "Space"],
        ["Shift+ArrowDown", "Space"],
        ["Shift+ArrowLeft", "Space"],
    ):
        editor.press(*keys)
    points = editor.newest(1)["points"]
    x, y = points[0]
    assert points == box(x, y, x + 10, y + 10)
    editor.press("Escape", "p")
    editor.press("Space", *["Shift+ArrowRight"] * 3, "Space", *["Shift+ArrowDown"] * 2, "Space", "Enter")
    points = editor.newest(2)["points"]
    x, y = points[0]
    assert points == [[x, y], [x + 30, y], [x + 30, y + 20]]
    editor.press("Escape", "b")
    editor.press("Space", *["Shift+ArrowRight"] * 3, "Space", "Enter")
    editor.press(*["Shift+ArrowDown"] * 2, "Space", *["Shift+ArrowLeft"] * 3, "Space", "Enter")
    points = editor.newest(3)["points"]
    x, y = points[0]
    assert points == box(x, y, x + 30, y + 20)


def test_the_keyboard_edits_words(editor):
    editor.focus()
    editor.press("Tab", "Enter")
    editor.keys.type("typed")
    editor.press("Enter", "i", "f", "l")
    assert editor.said() == "Checked already"  # an edit checks a word, and that is not taken back
    region = editor.region(3)
    assert (region["text"], region["illegible"], region["difficult"], region["locked"]) == (
        "typed",
        True,
        True,
        True,
    )
    editor.press("ArrowRight", "l")
    assert [r["locked"] for r in editor.received(4)][:3] == [True, True, False]
    editor.press("ArrowLeft", "s", "ArrowLeft", "Shift+ArrowLeft", "Enter")
    assert [r["text"] for r in editor.received(5)][:2] == ["ty", "ped"]
    assert editor.focused() == "w0"
    editor.press("j", "ArrowRight")
    assert editor.said().startswith("Merge with ped?")
    editor.press("Enter")
    assert editor.region(6)["text"] == "typed"
    editor.press("Shift+ArrowRight", "j")
    assert editor.region(7)["text"] == "typedWORLD"
    editor.press("d")
    assert len(editor.received(8)) == 4
    editor.press("Delete", "Home", "Delete")
    assert [r["id"] for r in editor.received(10)] == ["w2", "w3"]
    assert editor.focused() == "w2"
    editor.press(*["Control+z"] * 10)
    assert editor.received(20) == some_words()


def test_the_keyboard_uses_the_list(editor):
    editor.row(0).locator(".word-text").focus()
    editor.press("ArrowDown", "ArrowDown")
    expect(editor.row(2)).to_have_class("selected")
    editor.press("Enter")
    editor.keys.type("listed")
    editor.press("Enter")
    assert editor.region(1, 2)["text"] == "listed"
    expect(editor.row(2).locator(".word-text")).to_be_focused()
    editor.row(1).locator("[data-row=remove]").focus()
    editor.press("Enter")
    assert [r["id"] for r in editor.received(2)] == ["w0", "w2", "w3"]
    expect(editor.row(2).locator("[data-row=remove]")).to_be_focused()


def test_the_help_sheet_lists_the_keys(editor):
    editor.focus()
    editor.press("?")
    sheet = editor.page.locator("dialog")
    expect(sheet).to_be_visible()
    for key in ("Ctrl Z", "q", "s", "j", "Esc"):
        assert sheet.get_by_text(key, exact=True).count()
    editor.press("Escape")
    expect(sheet).to_be_hidden()


# ---- View


def view_box(editor: Editor) -> list[float]:
    return [float(part) for part in editor.photo.get_attribute("viewBox").split()]


def test_zoom_and_pan(editor):
    whole = view_box(editor)
    editor.focus()
    editor.press("+")
    near = view_box(editor)
    assert math.isclose(near[2], whole[2] / 1.5, rel_tol=1e-6)
    editor.press("ArrowRight")
    assert view_box(editor)[0] > near[0]
    x, y = editor.at(400, 300)
    editor.wheel((400, 300), -200)
    assert math.dist(editor.at(400, 300), (x, y)) < 0.6  # the point under the pointer stays
    before = view_box(editor)
    editor.keys.down("Space")
    editor.drag((300, 270), (330, 290))  # starts on a word
    editor.keys.up("Space")
    after = view_box(editor)
    assert math.isclose(before[0] - after[0], 30, abs_tol=1)
    assert math.isclose(before[1] - after[1], 20, abs_tol=1)
    editor.drag((450, 380), (440, 370))
    assert math.isclose(view_box(editor)[0] - after[0], 10, abs_tol=1)
    editor.press("0")
    assert view_box(editor) == whole
    editor.press("-")
    assert view_box(editor) == whole
    editor.press("Tab", "Tab", "z")
    box_of_word = editor.word(1).locator(".line").bounding_box()
    assert box_of_word["width"] > 0.6 * editor.photo.bounding_box()["width"]
    assert editor.server.got == []


def test_handles_keep_their_size_on_the_screen(editor):
    editor.select(0)
    size = editor.page.locator(".corner circle").first.bounding_box()["width"]
    editor.press("+", "+")
    assert math.isclose(
        editor.page.locator(".corner circle").first.bounding_box()["width"], size, abs_tol=0.5
    )


# ---- Touch


class Fingers:
    """Touches through the DevTools protocol, in window pixels."""

    def __init__(self, editor: Editor) -> None:
        self.session = editor.page.context.new_cdp_session(editor.page)

    def send(self, kind: str, *points) -> None:
        touches = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def drag(self, start, end, steps: int = 8) -> None:
        self.send("touchStart", start)
        for i in range(1, steps + 1):
            self.send("touchMove", tuple(a + (b - a) * i / steps for a, b in zip(start, end, strict=True)))
        self.send("touchEnd")


@pytest.fixture
def phone(open_editor) -> Editor:
    return open_editor(viewport={"width": 390, "height": 844}, has_touch=True)


def test_fingers_choose_drag_and_move(phone):
    fingers = Fingers(phone)
    phone.page.touchscreen.tap(*phone.at(200, 125))
    expect(phone.row(0)).to_have_class("selected")
    assert phone.focused() == "w0"  # and not the text field: no keyboard pops up
    start = phone.at(332, 163)  # a little beside the corner
    fingers.drag(start, phone.at(372, 223))
    assert close_to(phone.region(1)["points"], [[90, 90], [330, 90], [370, 220], [90, 160]], 2.5)
    fingers.drag(phone.at(200, 125), phone.at(260, 185))
    assert close_to(phone.region(2)["points"], [[150, 150], [390, 150], [430, 280], [150, 220]], 5)
    phone.page.touchscreen.tap(*phone.at(260, 185))
    expect(phone.page.locator(".card input")).to_be_focused()


def test_fingers_draw_a_box_and_a_band(phone):
    fingers = Fingers(phone)
    phone.page.locator("[data-do=box]").tap()
    fingers.drag(phone.at(500, 250), phone.at(700, 350))
    assert close_to(phone.newest(1)["points"], box(500, 250, 700, 350), 2.5)
    phone.page.locator("[data-do=band]").tap()
    for x, y in [(100, 480), (200, 450), (300, 480)]:
        phone.page.touchscreen.tap(*phone.at(x, y))
    phone.page.get_by_role("button", name="Done").tap()
    for x, y in [(110, 560), (200, 530), (290, 560)]:
        phone.page.touchscreen.tap(*phone.at(x, y))
    phone.page.get_by_role("button", name="Done").tap()
    wanted = [(100, 480), (200, 450), (300, 480), (290, 560), (200, 530), (110, 560)]
    assert close_to(phone.newest(2)["points"], wanted, 2.5)


def test_two_fingers_zoom_and_move_without_editing(phone):
    fingers = Fingers(phone)
    phone.page.touchscreen.tap(*phone.at(200, 125))
    whole = view_box(phone)
    x, y = phone.at(210, 125)
    fingers.send("touchStart", (x - 20, y))
    fingers.send("touchStart", (x - 20, y), (x + 20, y))
    for i in range(1, 9):
        fingers.send("touchMove", (x - 20 - 5 * i, y), (x + 20 + 5 * i, y))
    phone.wait(lambda: math.isclose(whole[2] / view_box(phone)[2], 3, rel_tol=0.1))
    zoomed = view_box(phone)
    for i in range(1, 6):
        fingers.send("touchMove", (x - 60 - 6 * i, y), (x + 60 - 6 * i, y))
    phone.wait(lambda: view_box(phone)[0] > zoomed[0])
    fingers.send("touchEnd")
    assert phone.server.got == []


def test_at_390_pixels_the_list_is_below_and_nothing_sticks_out(phone):
    stage, rows = phone.page.locator(".stage").bounding_box(), phone.page.locator(".list").bounding_box()
    assert rows["y"] >= stage["y"] + stage["height"]
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.page.touchscreen.tap(*phone.at(200, 125))
    for button in phone.page.locator(".bar button:visible, .flags button, .card button:visible").all():
        size = button.bounding_box()
        assert size["height"] >= 40, button.get_attribute("aria-label")
        assert size["x"] + size["width"] <= 390


# ---- What comes from Python


def offered(**changes) -> list[dict]:
    words = some_words()
    words[1] |= {"suggestion": {"text": "WORDS", "score": 0.91, "characters": [], "model": "nano"}} | changes
    return words


def test_a_suggestion_is_used(open_editor):
    editor = open_editor(offered())
    expect(editor.row(1).locator(".offered")).to_have_text("→ WORDS")
    editor.click(430, 125)
    expect(editor.page.locator(".offer .said")).to_have_text("Spotter reads WORDS 91 %")
    editor.page.get_by_role("button", name="Use the suggestion WORDS").click()
    region = editor.region(1, 1)
    assert (region["text"], region["reading_score"], region["suggestion"], region["locked"]) == (
        "WORDS",
        0.91,
        None,
        True,
    )
    assert editor.focused() == "w1"
    editor.press("Control+z")
    assert editor.region(2, 1)["suggestion"]["text"] == "WORDS"
    editor.press("r")
    region = editor.region(3, 1)
    assert (region["text"], region["suggestion"], region["locked"]) == ("WORLD", None, True)
    editor.press("Control+z", "a")
    assert editor.region(5, 1)["text"] == "WORDS"


def test_a_suggestion_arrives_for_the_shape_that_was_read(editor):
    def reread(value: dict) -> dict:
        """Reads w0 as it is now, and w1 as it once was."""
        points = value["regions"][0]["points"]
        items = [
            {"id": "w0", "text": "HALLO", "score": 0.7, "points": points},
            {"id": "w1", "text": "STALE", "score": 0.7, "points": box(1, 1, 9, 9)},
            {"id": "w2", "text": "ROUND SIGN", "score": 0.7},
            {"id": "nobody", "text": "x", "score": 0.7},
        ]
        return RegionEditor.state("saved", value) | RegionEditor.suggest(value["image_id"], items)

    editor.server.answer = reread
    editor.select(0)
    editor.drag((330, 160), (340, 170))
    expect(editor.page.locator(".offer b:visible")).to_have_text("HALLO")
    expect(editor.page.locator("tbody .offered:visible")).to_have_count(1)
    expect(editor.page.locator(".pill")).to_have_text("Saved")
    editor.press("Control+z")  # what a machine said is no step of the history
    assert editor.region(2) == some_words()[0]


def test_a_suggestion_does_not_touch_what_is_being_typed(editor):
    items = [{"id": "w0", "text": "HALLO", "score": 0.7}]
    editor.server.late = lambda: RegionEditor.suggest(editor.server.photo, items)
    editor.click(200, 125)
    editor.press("Enter")
    editor.keys.type("typing")
    click_late(editor)
    expect(editor.page.locator(".offer b:visible")).to_have_text("HALLO")
    expect(editor.page.locator(".card input")).to_have_value("typing")
    expect(editor.page.locator(".card input")).to_be_focused()
    editor.press("Enter")
    region = editor.region(1)
    assert (region["text"], region["suggestion"]["text"]) == ("typing", "HALLO")


def test_an_old_value_does_not_undo_newer_edits(editor):
    """Python answers to the first edit while the second is made already."""
    words = some_words()
    words[1]["suggestion"] = {"text": "WORDS", "score": 0.9}
    words[2]["suggestion"] = {"text": "SOUND SIGN", "score": 0.9}
    editor.server.late = lambda: editor.server.value(regions=words, revision=0)
    editor.select(1)
    editor.drag((520, 160), (530, 170))
    editor.received(1)
    click_late(editor)
    expect(editor.row(2).locator(".offered")).to_have_text("→ SOUND SIGN")
    expect(editor.row(1).locator(".offered")).to_be_hidden()  # its shape is another by now
    assert close_to(editor.send()["regions"][1]["points"][2:3], [[530, 170]])


def test_a_value_that_comes_during_a_drag_waits(editor):
    words = some_words()
    words[3]["text"] = "yours"
    told = RegionEditor.state("saving", None, "told")  # seen when the value has come too
    editor.server.late = lambda: gr.update(value=editor.server.value(regions=words, revision=0)) | told
    editor.select(0)
    editor.mouse.move(*editor.at(330, 160))
    editor.mouse.down()
    editor.mouse.move(*editor.at(340, 170), steps=4)
    click_late(editor)
    expect(editor.page.locator(".pill")).to_contain_text("told")
    assert "340,170" in editor.word(0).locator(".line").get_attribute("points")
    editor.mouse.up()
    assert close_to(editor.region(1)["points"][2:3], [[340, 170]])
    # Without an edit under way the value is taken, as a step that can be undone.
    editor.server.late = lambda: editor.server.value(regions=words, revision=1)
    click_late(editor)
    expect(editor.row(3).locator(".word-text")).to_have_text("yours")
    editor.press("Control+z")
    assert editor.region(2, 3)["text"] == "mine"


def test_a_new_photo_while_typing_keeps_what_was_typed(editor):
    editor.server.late = lambda: editor.server.value("next", regions=[word(9, box(10, 10, 90, 40), "NEXT")])
    editor.click(200, 125)
    editor.press("Enter")
    editor.keys.type("last")
    click_late(editor)
    expect(editor.word(9)).to_be_visible()
    region = editor.region(1)
    assert (editor.server.got[-1]["image_id"], region["text"]) == (editor.server.photo, "last")
    editor.press("Control+z")
    assert editor.said() == "Nothing to undo"  # the history belongs to the photo
    sent = editor.send()
    assert (sent["image_id"], [r["text"] for r in sent["regions"]]) == ("next", ["NEXT"])


def test_the_pill_tells_saved_from_saving(editor):
    pill = editor.page.locator(".pill")
    editor.server.late = lambda: RegionEditor.state("")
    click_late(editor)
    expect(pill).to_be_hidden()
    editor.select(0)
    editor.do("illegible")
    expect(pill).to_have_text("Saving…")  # the first edit of a photo too
    editor.server.late = lambda: RegionEditor.state("saved", {"revision": 1})
    click_late(editor)
    expect(pill).to_have_text("Saved")
    editor.do("illegible")
    expect(pill).to_have_text("Saving…")
    editor.received(2)
    editor.server.late = lambda: RegionEditor.state("saved", {"revision": 1}, "the edit before")
    click_late(editor)
    expect(pill).to_have_text("Saving…: the edit before")
    editor.server.late = lambda: RegionEditor.state("conflict", None, "<b>Ann</b> has changed this photo")
    click_late(editor)
    expect(pill).to_have_text("Conflict: <b>Ann</b> has changed this photo")
    editor.server.late = lambda: RegionEditor.state("saved", {"revision": 2})
    click_late(editor)
    expect(pill).to_have_text("Saved")


def test_an_edit_that_was_not_saved_is_there_again_after_a_reload(open_editor):
    editor = open_editor(viewport={"width": 1280, "height": 900})
    editor.server.late = lambda: RegionEditor.state("")
    click_late(editor)
    editor.server.answer = lambda value: RegionEditor.state("saved", value, version=4)
    editor.select(0)
    editor.do("illegible")
    expect(editor.page.locator(".pill")).to_have_text("Saved")
    editor.server.answer = lambda value: gr.skip()  # the server is gone
    editor.do("difficult")
    editor.received(2)
    page = editor.page.context.new_page()  # not by reload(): gradio may log that it was cut short
    page.goto(editor.server.demo.local_url)
    editor = Editor(page, editor.server)
    editor.wait(lambda: editor.server.got[-1]["revision"] == 1)
    sent = editor.server.got[-1]  # as an edit of the version that the first one had made
    first = sent["regions"][0]
    assert (sent["version"], first["illegible"], first["difficult"]) == (4, True, True)
    editor.server.late = lambda: RegionEditor.state("saved", sent)
    click_late(editor)
    expect(editor.page.locator(".pill")).to_have_text("Saved")
    assert editor.page.evaluate("localStorage.length") == 0
    page = editor.page.context.new_page()
    page.goto(editor.server.demo.local_url)
    editor = Editor(page, editor.server)
    expect(editor.page.locator(".word")).to_have_count(4)
    assert not editor.send()["regions"][0]["difficult"]  # what was saved is not brought back


def test_revisions_only_grow(editor):
    editor.select(0)
    for _ in range(6):
        editor.do("difficult")
    editor.received(6)
    revisions = [value["revision"] for value in editor.server.got]
    assert revisions == sorted(set(revisions))


# ---- Hostile, large, accessible

HOSTILE = [
    "${window.HIT = 1}",
    "{{value}}",
    "<img src=x onerror='window.HIT = 1'>",
    "`\\`",
    "مرحبا",
    "x" * 2000,
]


def test_texts_stay_texts(open_editor):
    words = [
        word(i, box(10, 10 + 50 * i, 200, 45 + 50 * i), text, suggestion={"text": text + "!", "score": 0.5})
        for i, text in enumerate(HOSTILE)
    ]
    words[5]["suggestion"]["text"] = HOSTILE[2]
    words[2]["characters"] = [{"text": sign, "score": 0.1} for sign in HOSTILE[2]]
    editor = open_editor(words)
    assert editor.page.locator("tbody .word-text").all_text_contents() == HOSTILE
    for i, text in enumerate(HOSTILE):
        editor.select(i)
        expect(editor.page.locator(".card input")).to_have_value(text)
        editor.mouse.move(*editor.at(100, 27 + 50 * ((i + 1) % 6)))
    editor.select(2)
    expect(editor.page.locator(".preview")).to_have_text(HOSTILE[2])
    editor.do("split")
    editor.press("Escape")
    editor.page.get_by_role("button", name="Use the suggestion").click()
    assert editor.region(1, 2)["text"] == HOSTILE[2] + "!"
    editor.do("duplicate")
    editor.received(2)
    assert editor.page.evaluate("window.HIT") is None
    assert editor.page.locator(".editor img").count() == 0


def many_words(count: int = 300) -> list[dict]:
    places = [(40 + 48 * (i % 16), 60 + 28 * (i // 16)) for i in range(count)]
    return [word(i, arch(x, y, 20, 12), f"word{i}") for i, (x, y) in enumerate(places)]


def test_a_drag_among_300_words_touches_the_nodes_of_one(open_editor):
    editor = open_editor(many_words())
    editor.select(150)
    editor.do("zoomWord")
    x, y = start = many_words()[150]["points"][3]
    editor.mouse.move(*editor.at(*start))
    editor.mouse.down()
    editor.page.evaluate(
        """() => {
            window.seen = { added: 0, groups: new Set(), rows: 0, elsewhere: 0 };
            window.observer = new MutationObserver((records) => {
                for (const { type, target, addedNodes, removedNodes } of records) {
                    if (type === 'childList') seen.added += addedNodes.length + removedNodes.length;
                    const group = target.closest?.('.word'), row = target.closest?.('tbody');
                    if (group) seen.groups.add(group.dataset.id);
                    else if (row) seen.rows += 1;
                    else if (target.matches?.('.editor, .card, .tip, .photo, .live')) continue;
                    else if (!target.closest?.('.handles')) seen.elsewhere += 1;
                }
            });
            observer.observe(document.querySelector('.editor'),
                             { subtree: true, childList: true, attributes: true, characterData: true });
        }"""
    )
    editor.mouse.move(*editor.at(x + 6, y - 4), steps=20)
    seen = editor.page.evaluate(
        "() => { observer.takeRecords(); return { ...seen, groups: [...seen.groups] }; }"
    )
    editor.mouse.up()
    assert seen == {"added": 0, "groups": ["w150"], "rows": 0, "elsewhere": 0}
    points = editor.region(1, 150)["points"]
    assert len(points) == 14
    assert math.dist(points[3], (x + 6, y - 4)) < 0.2
    changed = [r["id"] for r in editor.received(1) if r not in many_words()]
    assert changed == ["w150"]


def test_after_an_edit_only_the_edited_word_is_drawn_again(open_editor):
    editor = open_editor(many_words())
    nodes = editor.page.locator(".word, tbody tr, .word-text")
    nodes.evaluate_all("nodes => nodes.forEach((node) => { node.mine = true; })")
    editor.select(150)
    editor.do("illegible")
    editor.received(1)
    kept = nodes.evaluate_all("nodes => nodes.every((node) => node.mine)")
    assert kept


CONTROLS = {
    "button",
    "checkbox",
    "textbox",
    "link",
    "slider",
    "combobox",
    "toolbar",
    "dialog",
    "application",
    "table",
    "group",
}


@pytest.mark.parametrize("state", ["nothing chosen", "word chosen", "corner chosen", "drawing", "help"])
def test_every_control_has_a_name(open_editor, state):
    editor = open_editor(offered())
    editor.focus()
    editor.press(
        *{
            "nothing chosen": [],
            "word chosen": ["Tab", "Tab"],
            "corner chosen": ["Tab", "v"],
            "drawing": ["p"],
            "help": ["?"],
        }[state]
    )
    session = editor.page.context.new_cdp_session(editor.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    nameless, roles = [], set()
    for node in nodes:
        role = node.get("role", {}).get("value")
        if node.get("ignored") or role not in CONTROLS:
            continue
        roles.add(role)
        if not node.get("name", {}).get("value", "").strip():
            nameless.append((role, json.dumps(node.get("properties", []))[:200]))
    assert nameless == []
    assert "button" in roles
    hidden = editor.page.locator(
        ".editor [aria-hidden=true] :is(button, input), .editor [aria-hidden=true][tabindex]"
    )
    assert hidden.count() == 0


def test_the_bars_are_one_tab_stop_each(editor):
    stops = editor.page.locator(".bar").evaluate_all(
        "bars => bars.map((bar) => bar.querySelectorAll('button[tabindex=\"0\"]').length)"
    )
    assert stops == [1, 1]
    editor.page.locator(".bar [data-do=box]").focus()
    editor.press("ArrowRight", "ArrowRight")
    expect(editor.page.locator(".bar [data-do=band]")).to_be_focused()
    editor.press("End")
    expect(editor.page.locator(".bar [data-do=help]")).to_be_focused()


def test_changes_are_announced(editor):
    editor.select(0)
    editor.do("illegible")
    assert editor.said() == "Illegible"
    editor.do("undo")
    assert editor.said() == "Undone: illegible"
    editor.do("remove")
    assert editor.said() == "Word deleted"
    editor.page.locator(".bar [data-do=remove]").click(force=True)  # said to be disabled, and still a button
    assert editor.said() == "Choose a word first"


def test_focus_is_visible(editor):
    editor.focus()
    editor.press("Tab")
    width = editor.word(0).locator(".halo").evaluate("node => parseFloat(getComputedStyle(node).strokeWidth)")
    assert width >= 8
    editor.press("v")
    assert (
        editor.page.locator(".corner.active circle").evaluate("node => getComputedStyle(node).filter")
        != "none"
    )


# ---- The pure part


@pytest.fixture(scope="module")
def pure(browser):
    """Evaluates an expression over geometry.js and model.js."""
    page = browser.new_page()
    yield lambda expression, *values: page.evaluate(
        "([source, expression, values]) => Function('v', source + '\\nreturn ' + expression)(values)",
        [PURE, expression, list(values)],
    )
    page.close()


def shoelace(points) -> float:
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs) / 2


@pytest.mark.parametrize("seed", range(40))
def test_a_cut_loses_no_area(pure, seed):
    """Any polygon, anywhere: what the halves cover together is what there was."""
    rng = np.random.default_rng(seed)
    if seed % 2:
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 17)))
        points = [[400 + 180 * math.cos(a), 300 + 60 * math.sin(a)] for a in angles]
    else:
        turn, shape = rng.uniform(-0.7, 0.7), np.array(arch(0, 0, rng.uniform(80, 200), rng.uniform(20, 60)))
        turned = shape @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        points = (turned + 300).tolist()
    t = float(rng.uniform(0.1, 0.9))
    left, right = pure("makeCutter(v[0]).parts(v[1])", points, t)
    whole = abs(shoelace(points))
    assert math.isclose(abs(shoelace(left)) + abs(shoelace(right)), whole, rel_tol=1e-6)
    assert min(p[0] for p in left) <= min(p[0] for p in right) + 40


def test_numbers_that_leave_are_tidy(pure):
    points = pure("tidy([[NaN, 1], [Infinity, 2], [-1e9, 5.06], [1e308, -0.04], [3.14159, 2]], 100, 50)")
    assert points == [[0, 5.1], [100, 0], [3.1, 2]]


@pytest.mark.parametrize(
    ("text", "t", "halves"),
    [
        ("HELLO", 0.4, ["HE", "LLO"]),
        ("two words", 0.8, ["two", "words"]),
        ("a b c", 0.7, ["a b", "c"]),
        ("x", 0.2, ["", "x"]),
        ("", 0.5, ["", ""]),
        ("e\u0301e\u0301", 0.5, ["e\u0301", "e\u0301"]),
        ("👩\u200d👩\u200d👧ab", 0.34, ["👩\u200d👩\u200d👧", "ab"]),
        ("مرحبا", 0.4, ["با", "مرح"]),
    ],
)
def test_texts_are_split(pure, text, t, halves):
    assert pure("splitText(v[0], v[1])", text, t) == halves


def test_reading_order_is_by_lines(pure):
    words = [
        word(i, box(x, y, x + 50, y + 20), "")
        for i, (x, y) in enumerate([(200, 104), (10, 50), (10, 100), (90, 96)])
    ]
    assert pure("readingOrder(v[0]).map((r) => r.id)", words) == ["w1", "w2", "w3", "w0"]


def test_merging_two_halves_of_a_band_gives_the_band(pure):
    whole = arch(300, 300, 150, 50)
    merged = pure(
        """(() => {
            const parts = makeCutter(v[0]).parts(0.5).map((p) => tidy(p, 800, 600));
            return mergeShapes(parts[0], parts[1], 200);
        })()""",
        whole,
    )
    assert math.isclose(abs(shoelace(merged)), abs(shoelace(whole)), rel_tol=0.01)
    assert len(merged) <= 16


@pytest.mark.parametrize("turns", range(4))
def test_the_lines_of_a_quad_do_not_depend_on_where_it_starts(pure, turns):
    quad = box(10, 10, 110, 40)
    lines = pure("band(v[0])", quad[turns:] + quad[:turns])
    assert lines == {"top": [[10, 10], [110, 10]], "bottom": [[10, 40], [110, 40]]}
