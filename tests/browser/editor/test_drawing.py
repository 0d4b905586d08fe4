"""Drawing boxes, polygons and curved bands."""

from __future__ import annotations

import pytest

from tests.browser.editor.page import expect
from tests.browser.editor.words import box, close_to

pytestmark = pytest.mark.browser


def test_a_box_is_dragged(editor):
    editor.do("box")
    editor.drag((600, 300), (720, 340))
    new = editor.newest(1)
    assert close_to(new["points"], box(600, 300, 720, 340))
    assert (new["origin"], new["locked"], new["score"], new["text"]) == ("person", True, None, "")
    editor.keys.type("new")  # the text field has the focus
    editor.press("Enter")
    assert editor.newest(2)["text"] == "new"


def test_the_corners_of_a_quad_may_be_clicked_in_any_order(editor):
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


def test_backspace_removes_a_point_and_escape_cancels(editor):
    editor.do("polygon")
    for x, y in [(600, 300), (680, 280), (740, 330)]:
        editor.click(x, y)
    editor.press("Backspace")
    expect(editor.page.locator(".draft .dot")).to_have_count(2)
    editor.press("Escape")
    expect(editor.page.locator(".draft *")).to_have_count(0)
    expect(editor.page.locator(".word")).to_have_count(4)
    assert editor.server.edits == []


@pytest.mark.parametrize("backwards", [False, True])
def test_a_curved_band_is_drawn_by_its_two_lines(editor, backwards):
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


def test_a_shape_without_area_is_not_added(editor):
    editor.do("polygon")
    for x in (600, 610, 620):
        editor.click(x, 300)
    editor.press("Enter")
    assert editor.announced() == "Too small for a word: nothing was added"
    assert editor.server.edits == []
