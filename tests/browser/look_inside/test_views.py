"""Inputs of single views."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest

from spotter.explain.topics import stages
from spotter.tabs.look_inside.views.stages import SECONDS_PER_STAGE
from tests.browser.look_inside.page import expect, open_drawer, open_view, pictures

pytestmark = pytest.mark.browser


def test_play_ends_at_the_last_stage(page):
    open_view(page, "stages")
    picture = pictures(page, "stages").first
    expect(picture).to_be_visible(timeout=120_000)
    page.locator("#stages-play").click()
    expect(picture).to_have_attribute("alt", re.compile("the learned boxes"))
    expect(picture).to_have_attribute("alt", re.compile("after stage 2 of 2"), timeout=60_000)


def test_play_ends_at_the_last_stage_when_drawing_takes_longer_than_a_stage(page, monkeypatch):
    open_view(page, "stages")
    picture = pictures(page, "stages").first
    expect(picture).to_be_visible(timeout=120_000)
    draw_stage = stages.draw_stage

    def slowly(*args):
        time.sleep(1.5 * SECONDS_PER_STAGE)
        return draw_stage(*args)

    monkeypatch.setattr(stages, "draw_stage", slowly)
    page.locator("#stages-play").click()
    expect(picture).to_have_attribute("alt", re.compile("the learned boxes"), timeout=60_000)
    expect(picture).to_have_attribute("alt", re.compile("after stage 2 of 2"), timeout=60_000)


def test_a_view_can_be_changed_and_reset(page):
    open_view(page, "mask")
    picture = pictures(page, "mask").first
    expect(picture).to_have_attribute("alt", re.compile("from 10 coefficients"), timeout=120_000)
    page.locator("#view-mask input[type=number]").fill("3")
    page.locator("#view-mask input[type=number]").press("Enter")
    expect(picture).to_have_attribute("alt", re.compile("from 3 coefficients"))
    page.locator("#view-mask").get_by_role("button", name="Reset this view").click()
    expect(picture).to_have_attribute("alt", re.compile("from 10 coefficients"))


def test_a_pasted_polygon_is_drawn(page):
    open_view(page, "mask")
    picture = pictures(page, "mask").first
    expect(picture).to_be_visible(timeout=120_000)
    before = picture.get_attribute("src")
    box = page.locator("#masks-polygon textarea")
    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("29,28 60,30 71,77 70,73 42,66")
    page.locator("#view-mask h3").click()
    expect(picture).not_to_have_attribute("src", before)


def test_a_click_moves_the_token(page):
    open_view(page, "windows")
    picture = page.locator("#windows-picture img")
    expect(picture).to_be_visible(timeout=120_000)
    before = picture.get_attribute("alt")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] - 3, "y": box["height"] - 3})
    expect(picture).not_to_have_attribute("alt", before)
    expect(page.locator("#windows-heads img")).to_be_visible()


def test_dilations_are_compared_and_invalid_ones_get_a_sentence(page):
    open_view(page, "dilated")
    curves = page.locator("#field-curves img")
    expect(curves).to_have_attribute("alt", re.compile("dilations 1-1-1"), timeout=120_000)
    right = page.locator("#field-right input")
    right.fill("3-6-1")
    right.press("Enter")
    expect(curves).to_have_attribute("alt", re.compile("dilations 3-6-1"), timeout=60_000)
    right.fill("wide")
    right.press("Enter")
    expect(page.get_by_text("These are not dilations")).to_be_visible(timeout=60_000)


def test_a_nudge_changes_the_features(page):
    open_view(page, "roi")
    bins = page.locator("#roi-bins img")
    expect(bins).to_have_attribute("alt", re.compile("changed them by at most"), timeout=120_000)
    expect(bins).not_to_have_attribute("alt", re.compile("at most 0.000 and"))  # it starts with a nudge
    page.locator("#roi-shift input[type=range]").press("ArrowLeft")
    expect(bins).to_have_attribute("alt", re.compile("at most 0.000 and 0.000"))


def test_the_first_picture_shows_the_chosen_point(page):
    """Two events draw it when the tab opens."""
    open_view(page, "windows")
    picture = page.locator("#windows-picture img")
    expect(picture).to_be_visible(timeout=120_000)
    page.wait_for_timeout(3000)
    expect(page.locator("#windows-point input")).to_have_value("middle of the word")
    first = picture.get_attribute("alt")
    page.locator("#view-windows").get_by_role("button", name="Reset this view").click()
    page.wait_for_timeout(1500)
    expect(picture).to_have_attribute("alt", first)


def test_pointing_at_a_point_marks_it_in_all_pictures_of_it(page):
    open_drawer(page)
    open_view(page, "pyramid")
    maps = page.locator("#levels-maps img")
    expect(maps).to_be_visible(timeout=120_000)
    maps.scroll_into_view_if_needed()
    box = maps.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    cells = page.locator("#levels-maps .marks .cell")
    expect(cells).to_have_count(4)
    sides = [cell.evaluate("cell => parseFloat(cell.style.width)") for cell in cells.all()]
    for fine, coarse in pairwise(sides):
        assert coarse == pytest.approx(2 * fine, rel=0.01)
    expect(page.locator("#view-pyramid .figure .marks .place")).to_have_count(1)  # on the view's photo
    overview = page.locator("#inside-overview .figure .marks .place")
    expect(overview).to_have_count(1)
    page.mouse.move(5, 5)
    expect(cells).to_have_count(0)
    expect(overview).to_have_count(0)


def test_the_value_under_the_pointer_is_shown_and_arrow_keys_step(page):
    open_view(page, "conversion")
    picture = page.locator("#conversion-gates img")
    expect(picture).to_be_visible(timeout=120_000)
    picture.focus()
    page.keyboard.press("ArrowRight")
    value = page.locator("#conversion-gates .marks .value").first
    expect(value).to_have_text(re.compile(r"^[\d.]+ · row 1, column 2$"))
    page.keyboard.press("ArrowDown")
    expect(value).to_have_text(re.compile("row 2, column 2$"))
    assert page.locator("#conversion-channels .marks .value").count() > 1  # the same place in every channel
    page.keyboard.press("Escape")
    expect(value).to_have_count(0)


def test_a_picture_is_saved_as_png_and_svg_and_the_map_as_svg(page):
    open_view(page, "stages")
    picture = page.locator("#stages-picture")
    expect(picture.locator("img")).to_be_visible(timeout=120_000)
    picture.locator("img").hover()
    with page.expect_download() as download:
        picture.get_by_role("button", name="PNG").click()
    assert download.value.suggested_filename == "stages-picture.png"
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as download:
        picture.get_by_role("button", name="SVG").click()
    assert download.value.suggested_filename == "stages-picture.svg"
    assert "after stage 2 of 2" in Path(download.value.path()).read_text()
    with page.expect_download() as download:
        page.locator("#inside-map").get_by_role("button", name="SVG").click()
    drawing = Path(download.value.path()).read_text()
    assert drawing.startswith("<svg")
    assert "rgb(" in drawing


def test_a_picked_proposal_is_followed_into_the_next_view(page):
    open_view(page, "start")
    picture = page.locator("#proposals-picture img")
    expect(picture).to_be_visible(timeout=120_000)
    own = re.search(r"proposal \d+", picture.get_attribute("alt"))[0]
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] - 4, "y": box["height"] - 4})
    expect(picture).not_to_have_attribute("alt", re.compile(f"{own} "))
    other = re.search(r"proposal \d+", picture.get_attribute("alt"))[0]
    events = []
    page.on("request", lambda request: events.append(request) if "queue/join" in request.url else None)
    page.locator("#proposals-follow").click()
    stages = page.locator("#stages-picture img")
    expect(stages).to_have_attribute("alt", re.compile(f"{other} is marked"))
    page.wait_for_timeout(1000)
    # Handing over and opening the view. Were it drawn once more since its inputs are set, one by one, that
    # could show the proposal of before.
    assert len(events) == 2
    page.locator("#view-stages").get_by_role("button", name="Reset this view").click()
    expect(stages).to_have_attribute("alt", re.compile(f"{own} is marked"))


def test_the_reading_without_coarse_keys_is_shown(page):
    open_view(page, "attention")
    expect(page.locator("#two-level-reading")).to_contain_text("coarse keys left out", timeout=120_000)
    picture = pictures(page, "attention").first
    before = picture.get_attribute("alt")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] * 0.7, "y": box["height"] * 0.15})
    expect(picture).not_to_have_attribute("alt", before)


@pytest.mark.parametrize(
    ("view", "slider", "says"),
    [
        ("dilated", "#field-slider", ("2-4-1", "1-1-1")),
        ("conversion", "#conversion-slider", ("the photo", "M3")),
    ],
)
def test_both_sides_of_a_slider_have_alternative_text(page, view, slider, says):
    open_view(page, view)
    for image, end in zip(
        (page.locator(f"{slider} img").first, page.locator(f"{slider} img").last), says, strict=True
    ):
        expect(image).to_have_attribute("alt", re.compile(f": {end}$"), timeout=120_000)


def test_the_published_boxes_are_moved_to_the_learned_ones(page):
    open_view(page, "start")
    picture = page.locator("#proposals-picture img")
    expect(picture).to_have_attribute("alt", re.compile("as learned"), timeout=120_000)
    page.locator("#proposals-play").click()
    text = page.locator("#view-start .prose.formula")
    expect(text).to_contain_text("The published start.")
    expect(picture).to_have_attribute("alt", re.compile("on the way from the published start"))
    expect(text).to_contain_text("100% of the way", timeout=60_000)


def test_ten_questions_are_answered_and_checked(page):
    open_view(page, "quiz")
    expect(page.locator("#quiz-10")).to_contain_text("10. Precision is", timeout=120_000)
    page.locator("#quiz-7").get_by_label("784").check()
    expect(page.locator("#view-quiz .prose.feedback p")).to_have_count(0)
    page.locator("#quiz-check").click()
    expect(page.locator("#quiz-score")).to_have_text("0 of 10 right. 9 are not answered yet.")
    expect(page.locator("#view-quiz .prose.feedback p")).to_have_count(2)  # that of the answer, and the score


def test_both_pictures_of_a_slider_are_saved_as_svg(page):
    open_view(page, "conversion")
    button = page.locator("#conversion-slider-save").get_by_role("button", name="SVG")
    expect(button).to_be_visible(timeout=120_000)
    with page.expect_download() as download:
        button.click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.count("<image") >= 2
    assert "the photo" in text
    assert "M3" in text
