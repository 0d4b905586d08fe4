"""Small words: the crop on the card, handles and badges that hide no letters, and the automatic zoom."""

from __future__ import annotations

import math

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.browser.editor.words import HEIGHT, WIDTH, arch, box, word

pytestmark = pytest.mark.browser

SMALL = 12  # pixels of the photo
CENTRE = (310, 136)  # of the word 20


def lines_of_words(count: int = 60) -> list[dict]:
    """Six in a row, each 60 x 12 pixels; every other one is locked."""
    places = [(60 + 110 * (i % 6), 40 + 30 * (i // 6)) for i in range(count)]
    return [
        word(i, box(x, y, x + 60, y + SMALL), f"word{i}", locked=i % 2 == 1)
        for i, (x, y) in enumerate(places)
    ]


def overlap(a: dict, b: dict) -> bool:
    return (
        a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    )


def scale(editor) -> float:
    """Screen pixels per pixel of the photo."""
    return math.dist(editor.at(0, 0), editor.at(100, 0)) / 100


def at_rest(editor) -> None:
    editor.page.wait_for_function(
        "() => document.querySelector('svg.photo').getAnimations().every((a) => a.playState === 'finished')"
    )


def choose_on_the_photo(editor, number: int) -> None:
    x, y = lines_of_words()[number]["points"][0]
    editor.click(x + 30, y + SMALL / 2)
    expect(editor.page.locator(".card")).to_be_visible()


@pytest.mark.parametrize("number", [0, 5, 20, 59])
def test_the_card_covers_neither_the_word_nor_the_next_line(open_editor, number):
    editor = open_editor(lines_of_words())
    choose_on_the_photo(editor, number)
    card = editor.page.locator(".card").bounding_box()
    below = [i for i in range(60) if number // 6 < i // 6 <= number // 6 + 1]
    for other in (number, *below):
        assert not overlap(card, editor.word(other).locator(".line").bounding_box())


@pytest.mark.parametrize("touch", [False, True])
def test_handles_of_a_small_word_lie_outside_of_it(open_editor, touch):
    editor = open_editor(lines_of_words(), **({"has_touch": True} if touch else {}))
    (editor.page.touchscreen.tap if touch else editor.mouse.click)(*editor.at(*CENTRE))
    expect(editor.page.locator(".corner")).to_have_count(4)
    inside = editor.word(20).locator(".line").bounding_box()
    for handle in editor.page.locator(".corner circle").all():
        assert not overlap(handle.bounding_box(), inside)


def test_a_handle_outside_moves_its_corner(open_editor):
    editor = open_editor(lines_of_words())
    choose_on_the_photo(editor, 20)
    circle = editor.page.locator(".corner circle").first.bounding_box()
    x, y = circle["x"] + circle["width"] / 2, circle["y"] + circle["height"] / 2
    editor.mouse.move(x, y)
    editor.mouse.down()
    editor.mouse.move(x - 10, y - 10, steps=3)
    editor.mouse.up()
    (a, *others), (b, *_) = editor.region(1, 20)["points"], lines_of_words()[20]["points"]
    assert math.dist((b[0] - a[0], b[1] - a[1]), (10 / scale(editor), 10 / scale(editor))) < 0.3
    assert others == lines_of_words()[20]["points"][1:]


def test_badges_of_small_words_are_shown_under_the_mouse_only(open_editor):
    editor = open_editor(lines_of_words())
    editor.mouse.move(*editor.at(10, 10))
    assert editor.page.locator(".badge:visible").count() == 0
    assert editor.page.locator("tbody .number.locked").count() == 30
    editor.mouse.move(*editor.at(200, 46))
    expect(editor.page.locator(".badge:visible")).to_have_count(1)


# The crop


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(box(100, 100, 180, 116), id="level"),
        pytest.param([[100, 200], [156.6, 143.4], [167.9, 154.7], [111.3, 211.3]], id="turned"),
        pytest.param(arch(300, 300, 90, 14), id="curved"),
    ],
)
def test_the_crop_shows_the_word_large_and_upright(open_editor, server, tmp_path, points):
    """Its left half is red, its right half blue, all else green."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), (0, 160, 0))
    draw, half = ImageDraw.Draw(picture), len(points) // 2
    top, bottom = points[:half], points[: half - 1 : -1]
    if half % 2:  # a point of both lines lies in the middle
        left = [*top[: half // 2 + 1], *bottom[half // 2 :: -1]]
    else:
        cut = [[(a + b) / 2 for a, b in zip(*line, strict=True)] for line in (top, bottom)]
        left = [top[0], *cut, bottom[0]]
    draw.polygon([tuple(p) for p in points], (0, 0, 255))
    draw.polygon([tuple(p) for p in left], (255, 0, 0))
    picture.save(path := tmp_path / "colours.png")
    server.regions = [word(0, points, "AB")]
    editor = open_editor(server.regions)
    server.picture, before = path, server.picture
    try:
        server.photos += 1
        server.photo = f"photo {server.photos}"
        editor.server.pushed = server.next_photo
        editor.push()
        expect(editor.page.locator(f'.editor[data-image="{server.photo}"]')).to_be_visible()
        editor.row(0).locator(".number").click()
        crop = editor.page.locator(".card canvas")
        expect(crop).to_be_visible()
        assert crop.bounding_box()["height"] >= 48
        colours = crop.evaluate(
            """(canvas) => [0.1, 0.25, 0.4, 0.6, 0.75, 0.9].map((x) => {
                const at = [Math.round(x * canvas.width), Math.round(canvas.height / 2), 1, 1];
                const [r, g, b] = canvas.getContext("2d").getImageData(...at).data;
                return r > 150 ? "r" : b > 150 ? "b" : "g";
            }).join("")"""
        )
        assert colours == "rrrbbb"
    finally:
        server.picture = before


def test_a_large_word_needs_no_crop(editor):
    editor.select(0)
    expect(editor.page.locator(".card")).to_be_visible()
    expect(editor.page.locator(".card canvas")).to_be_hidden()


# The zoom


def test_a_small_word_chosen_by_key_is_zoomed_to_and_the_view_goes_back(open_editor):
    editor = open_editor(lines_of_words())
    whole = editor.view_box()
    editor.focus()
    editor.press("Tab")
    at_rest(editor)
    assert SMALL * scale(editor) >= 20
    near = editor.view_box()
    editor.press("Tab")
    at_rest(editor)
    assert editor.view_box()[2:] == near[2:]  # from word to word only moved
    editor.press("Escape")
    at_rest(editor)
    assert editor.view_box() == whole


def test_a_word_of_the_list_is_zoomed_to_and_one_on_the_photo_is_not(open_editor):
    editor = open_editor(lines_of_words())
    whole = editor.view_box()
    choose_on_the_photo(editor, 8)
    assert editor.view_box() == whole
    editor.select(9)
    at_rest(editor)
    assert SMALL * scale(editor) >= 20


def test_who_zooms_out_stays_there(open_editor):
    editor = open_editor(lines_of_words())
    editor.focus()
    editor.press("Tab", "+")
    zoomed = editor.view_box()
    editor.press("Escape")
    at_rest(editor)
    assert editor.view_box() == zoomed


def test_large_words_are_not_zoomed_to(editor):
    whole = editor.view_box()
    editor.focus()
    editor.press("Tab")
    assert editor.view_box() == whole


def test_the_zoom_can_be_switched_off(open_editor):
    editor = open_editor(lines_of_words())
    whole, view = editor.view_box(), editor.page.locator(".sight summary")
    view.click()
    editor.page.get_by_label("Zoom to small words").uncheck()
    view.click()
    editor.focus()
    editor.press("Tab")
    assert editor.view_box() == whole
    view.click()
    editor.page.get_by_label("Zoom to small words").check()
    view.click()


# The list


def test_the_row_of_the_word_is_in_sight(open_editor):
    editor = open_editor(lines_of_words(), viewport={"width": 1280, "height": 600})
    editor.focus()
    editor.press("Enter", "Enter")
    for _ in range(30):
        editor.press("Tab")
    row = editor.row(30).bounding_box()
    assert editor.page.locator(".card input").input_value() == "word30"
    assert row["y"] + row["height"] <= 600


# Brightness and contrast


def test_brightness_and_contrast_are_for_the_eye_only(editor):
    image, view = editor.page.locator("svg.photo image"), editor.page.locator(".sight summary")
    view.click()
    editor.page.get_by_label("Brightness").fill("150")
    editor.page.get_by_label("Contrast").fill("200")
    assert image.evaluate("node => getComputedStyle(node).filter") == "brightness(1.5) contrast(2)"
    editor.page.get_by_role("button", name="Reset", exact=True).click()
    assert image.evaluate("node => getComputedStyle(node).filter") == "none"
    view.click()
    assert editor.server.edits == []
