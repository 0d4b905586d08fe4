"""Fingers on a phone."""

from __future__ import annotations

import math

import pytest

from tests.browser.editor.page import EditorPage, expect
from tests.browser.editor.words import box, close_to

pytestmark = pytest.mark.browser


class Fingers:
    """Touches through the DevTools protocol, in window pixels."""

    def __init__(self, editor: EditorPage) -> None:
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
def phone(open_editor) -> EditorPage:
    return open_editor(viewport={"width": 390, "height": 844}, has_touch=True)


def test_fingers_select_and_drag(phone):
    fingers = Fingers(phone)
    phone.page.touchscreen.tap(*phone.at(200, 125))
    expect(phone.row(0)).to_have_class("selected")
    assert phone.focused() == "w0"  # and not the text field: no keyboard pops up
    start = phone.at(332, 163)  # a little off the corner
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
    whole = phone.view_box()
    x, y = phone.at(210, 125)
    fingers.send("touchStart", (x - 20, y))
    fingers.send("touchStart", (x - 20, y), (x + 20, y))
    for i in range(1, 9):
        fingers.send("touchMove", (x - 20 - 5 * i, y), (x + 20 + 5 * i, y))
    phone.wait(lambda: math.isclose(whole[2] / phone.view_box()[2], 3, rel_tol=0.1))
    zoomed = phone.view_box()
    for i in range(1, 6):
        fingers.send("touchMove", (x - 60 - 6 * i, y), (x + 60 - 6 * i, y))
    phone.wait(lambda: phone.view_box()[0] > zoomed[0])
    fingers.send("touchEnd")
    assert phone.server.edits == []


def test_at_390_pixels_the_list_is_below_and_nothing_overflows(phone):
    stage, rows = phone.page.locator(".stage").bounding_box(), phone.page.locator(".list").bounding_box()
    assert rows["y"] >= stage["y"] + stage["height"]
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.page.touchscreen.tap(*phone.at(200, 125))
    for button in phone.page.locator(".bar button:visible, .flags button, .card button:visible").all():
        size = button.bounding_box()
        assert size["height"] >= 40, button.get_attribute("aria-label")
        assert size["x"] + size["width"] <= 390
