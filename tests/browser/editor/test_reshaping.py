"""Moving words and corners, adding and deleting corners."""

from __future__ import annotations

import pytest

from tests.browser.editor.words import box, close_to, some_words, word

pytestmark = pytest.mark.browser


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


def test_a_selected_word_is_moved_and_keeps_its_shape(editor):
    editor.select(0)
    editor.drag((200, 125), (240, 155))
    assert close_to(editor.region(1)["points"], box(130, 120, 370, 190))
    editor.drag((240, 155), (-300, 155))
    assert close_to(editor.region(2)["points"], box(0, 120, 240, 190))


def test_dragging_an_unselected_word_does_not_move_it(editor):
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


def test_a_word_has_at_least_three_corners(open_editor):
    editor = open_editor([word(0, [[100, 100], [300, 100], [200, 250]], "tri")])
    editor.select(0)
    editor.click(200, 250)
    editor.press("Delete")
    assert editor.announced() == "A word has at least three corners"
    assert editor.server.edits == []


def test_escape_aborts_a_drag(editor):
    editor.select(0)
    editor.mouse.move(*editor.at(330, 160))
    editor.mouse.down()
    editor.mouse.move(*editor.at(400, 300), steps=3)
    editor.press("Escape")
    editor.mouse.up()
    assert editor.word(0).locator(".line").get_attribute("points") == "90,90 330,90 330,160 90,160"
    assert editor.server.edits == []
