"""Look inside as a person uses it, with a tiny spotter of random weights: it always finds something."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import gradio as gr
import pytest

from spotter.tabs.look_inside.tab import build_look_inside
from spotter.tabs.look_inside.tour import STEPS
from spotter.tabs.look_inside.views import registered
from spotter.tabs.read.tab import build_read
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.samples import SAMPLES

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.browser
MODULES = registered()


@pytest.fixture(scope="module")
def inside_url(tiny_file):
    from gradio import networking

    from spotter.tabs.shared.theme import CSS, theme

    loader = Loader(str(tiny_file), "cpu")
    with gr.Blocks(analytics_enabled=False) as demo:  # as in app.py, without what keeps corrections
        with gr.Tab("Read"):
            build_read(loader)
        with gr.Tab("Look inside") as inside:
            build_look_inside(loader, inside)
    demo.queue(max_size=20)
    patch = pytest.MonkeyPatch()
    patch.setattr(networking, "url_ok", lambda url: True)  # it gives up after 3 s, too few on a busy machine
    demo.launch(
        prevent_thread_lock=True, quiet=True, theme=theme(), css=CSS, run_history=False, ssr_mode=False
    )
    yield demo.local_url
    demo.close()
    patch.undo()


@pytest.fixture
def page(inside_url, open_page):
    page = open_page(inside_url)
    enter(page)
    return page


def enter(page) -> None:
    page.get_by_role("tab", name="Look inside").click()
    expect(page.locator("#inside-overview img")).to_be_visible(timeout=120_000)
    expect(page.locator("#inside-overview img")).to_have_attribute("alt", re.compile("words outlined"))


def open_view(page, title: str) -> None:
    page.locator("#views").get_by_role("tab", name=title, exact=True).click()


def pictures(page, number: int):
    return page.locator(f"#view-{number} .figure img:visible")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.TITLE)
def test_each_view_shows_its_picture(page, module):
    open_view(page, module.TITLE)
    picture = pictures(page, module.NUMBER).first
    expect(picture).to_be_visible(timeout=120_000)
    expect(picture).to_have_attribute("alt", re.compile(r"\w{3}"))
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
    link = page.locator(f"#view-{module.NUMBER} a.paper")
    expect(link).to_have_attribute("href", "https://arxiv.org/abs/2203.10209")


def test_all_views_are_in_sight(page):
    tabs = page.locator("#views [role=tablist]").first.get_by_role("tab")
    expect(tabs).to_have_count(len(MODULES))
    width = page.viewport_size["width"]
    for tab in tabs.all():
        box = tab.bounding_box()
        assert box["x"] + box["width"] <= width, tab.inner_text()


def test_another_sample_is_followed(page):
    before = page.locator("#inside-overview img").get_attribute("src")
    page.locator("#inside-samples .thumbnail-item").nth(1).click()
    expect(page.locator("#inside-overview img")).not_to_have_attribute("src", before, timeout=120_000)
    expect(page.locator("#inside-status")).to_contain_text("proposals")


def test_own_photo_is_followed(page):
    before = page.locator("#inside-overview img").get_attribute("src")
    with page.expect_file_chooser() as chooser:
        page.locator("#inside-photo").click()
    chooser.value.set_files(SAMPLES[2].path)
    expect(page.locator("#inside-overview img")).not_to_have_attribute("src", before, timeout=120_000)


def test_the_word_is_shared_by_all_views(page):
    open_view(page, "Six stages")
    picture = pictures(page, 6).first
    expect(picture).to_be_visible(timeout=120_000)
    before = picture.get_attribute("alt")
    page.locator("#inside-word input").click()
    page.get_by_role("option").nth(1).click()
    expect(picture).not_to_have_attribute("alt", before)
    expect(page.locator("#inside-overview img")).to_have_attribute("alt", re.compile("word 2"))


def test_play_ends_at_the_last_stage(page):
    open_view(page, "Six stages")
    picture = pictures(page, 6).first
    expect(picture).to_be_visible(timeout=120_000)
    page.locator("#stages-play").click()
    expect(picture).to_have_attribute("alt", re.compile("the learned boxes"))
    expect(picture).to_have_attribute("alt", re.compile("after stage 2 of 2"), timeout=60_000)


def test_a_view_can_be_changed_and_reset(page):
    open_view(page, "Masks")
    picture = pictures(page, 8).first
    expect(picture).to_have_attribute("alt", re.compile("from 10 coefficients"), timeout=120_000)
    page.locator("#view-8 input[type=number]").fill("3")
    page.locator("#view-8 input[type=number]").press("Enter")
    expect(picture).to_have_attribute("alt", re.compile("from 3 coefficients"))
    page.locator("#view-8").get_by_role("button", name="Reset this view").click()
    expect(picture).to_have_attribute("alt", re.compile("from 10 coefficients"))


def test_a_click_moves_the_token(page):
    open_view(page, "Swin windows")
    picture = page.locator("#windows-picture img")
    expect(picture).to_be_visible(timeout=120_000)
    before = picture.get_attribute("alt")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] - 3, "y": box["height"] - 3})
    expect(picture).not_to_have_attribute("alt", before)
    expect(page.locator("#windows-heads img")).to_be_visible()


def test_dilations_are_compared_and_nonsense_gets_a_sentence(page):
    open_view(page, "Receptive field")
    curves = page.locator("#field-curves img")
    expect(curves).to_have_attribute("alt", re.compile("without the block"), timeout=120_000)
    right = page.locator("#field-right input")
    right.fill("3-6-1")
    right.press("Enter")
    expect(curves).to_have_attribute("alt", re.compile("dilations 3-6-1"), timeout=60_000)
    right.fill("wide")
    right.press("Enter")
    expect(page.get_by_text("These are no dilations")).to_be_visible(timeout=60_000)


def test_a_nudge_changes_the_features(page):
    open_view(page, "RoIAlign and RoIPool")
    bins = page.locator("#roi-bins img")
    expect(bins).to_have_attribute("alt", re.compile("changed them by at most"), timeout=120_000)
    expect(bins).not_to_have_attribute("alt", re.compile("at most 0.000 and"))  # it starts with a nudge
    page.locator("#roi-shift input[type=range]").press("ArrowLeft")
    expect(bins).to_have_attribute("alt", re.compile("at most 0.000 and 0.000"))


def test_the_first_picture_is_of_the_place_that_is_chosen(page):
    """Two events draw it when the tab opens."""
    picture = page.locator("#windows-picture img")
    expect(picture).to_be_visible(timeout=120_000)
    page.wait_for_timeout(3000)
    expect(page.locator("#windows-place input")).to_have_value("middle of the word")
    first = picture.get_attribute("alt")
    page.locator("#view-1").get_by_role("button", name="Reset this view").click()
    page.wait_for_timeout(1500)
    expect(picture).to_have_attribute("alt", first)


def test_pointing_at_a_place_marks_it_in_all_pictures_of_it(page):
    open_view(page, "FPN levels")
    maps = page.locator("#levels-maps img")
    expect(maps).to_be_visible(timeout=120_000)
    maps.scroll_into_view_if_needed()
    box = maps.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    cells = page.locator("#view-3 .figure .marks .cell")
    expect(cells).to_have_count(4)
    sides = [cell.evaluate("cell => parseFloat(cell.style.width)") for cell in cells.all()]
    for fine, coarse in pairwise(sides):
        assert coarse == pytest.approx(2 * fine, rel=0.01)
    expect(page.locator("#view-3 .figure .marks .place")).to_have_count(1)  # on the view's photo
    overview = page.locator("#inside .figure .marks .place")
    expect(overview).to_have_count(1)
    page.mouse.move(5, 5)
    expect(cells).to_have_count(0)
    expect(overview).to_have_count(0)


def test_a_picked_proposal_is_followed_into_the_next_view(page):
    open_view(page, "Proposals")
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
    page.locator("#view-6").get_by_role("button", name="Reset this view").click()
    expect(stages).to_have_attribute("alt", re.compile(f"{own} is marked"))


def test_fits_a_phone(inside_url, open_page):
    page = open_page(inside_url, width=390, height=844)
    enter(page)
    for module in MODULES:
        open_view(page, module.TITLE)
        expect(pictures(page, module.NUMBER).first).to_be_visible(timeout=120_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_leaving_the_coarse_level_out_is_told(page):
    open_view(page, "Two-level attention")
    expect(page.locator("#two-level-reading")).to_contain_text("coarse keys left out", timeout=120_000)
    picture = pictures(page, 10).first
    before = picture.get_attribute("alt")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] * 0.7, "y": box["height"] * 0.15})
    expect(picture).not_to_have_attribute("alt", before)


def test_the_truth_changes_the_h_mean(page):
    open_view(page, "H-mean")
    picture = pictures(page, 13).first
    expect(picture).to_have_attribute("alt", re.compile("8 true"), timeout=120_000)  # the rendered sample's
    page.locator("#inside-truth button").first.click()
    box = page.get_by_label("True words (editable)")
    box.fill("CAFE: 10,10 90,10 90,40 10,40\n###: 5,5 795,5 795,595 5,595")
    box.blur()
    expect(picture).to_have_attribute("alt", re.compile("1 true and 0 found"), timeout=120_000)
    box.fill("")
    box.blur()
    expect(picture).to_have_attribute("alt", re.compile(" 0 true"), timeout=120_000)
    page.get_by_role("button", name="Bring the first ones back").click()
    expect(picture).to_have_attribute("alt", re.compile("8 true"), timeout=120_000)


def test_that_nobody_knows_the_truth_of_a_photo_is_told(page):
    warning = page.get_by_text("Nobody has said yet what is true on this photo")
    open_view(page, "H-mean")
    expect(pictures(page, 13).first).to_be_visible(timeout=120_000)
    expect(warning).to_have_count(0)  # a sample's is known
    with page.expect_file_chooser() as chooser:
        page.locator("#inside-photo").click()
    chooser.value.set_files(SAMPLES[2].path)
    expect(warning).to_be_visible(timeout=120_000)
    fill_truth(page, "CAFE: 10,10 90,10 90,40 10,40")
    expect(warning).to_have_count(0, timeout=120_000)


def fill_truth(page, lines: str) -> None:
    box = page.get_by_label("True words (editable)")
    if not box.is_visible():
        page.locator("#inside-truth button").first.click()
    box.fill(lines)
    box.blur()


def outline(page, shift: int = 0) -> str:
    """The selected word's outline as the view Masks writes it, moved to the right."""
    open_view(page, "Masks")
    polygon = page.locator("#masks-polygon textarea")
    expect(polygon).to_have_value(re.compile(r"\d+,\d+ \d+,\d+ \d+,\d+"), timeout=120_000)
    points = [point.split(",") for point in polygon.input_value().split()]
    return " ".join(f"{int(x) + shift},{y}" for x, y in points)


def test_gates_are_held_against_a_corrected_outline(page):
    corrected = outline(page, shift=4)
    open_view(page, "Recognition Conversion")
    view = page.locator("#view-9")
    expect(pictures(page, 9).first).to_be_visible(timeout=120_000)
    fill_truth(page, "")
    expect(view.get_by_text("IoU with its true outline")).to_have_count(0, timeout=60_000)
    fill_truth(page, f"CAFE: {corrected}")
    expect(view.get_by_text("IoU with its true outline")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize(
    ("view", "slider", "says"),
    [
        ("Receptive field", "#field-slider", ("2-4-1", "without the block")),
        ("Recognition Conversion", "#conversion-slider", ("photo", "m3")),
    ],
)
def test_either_side_of_a_slider_says_what_it_shows(page, view, slider, says):
    open_view(page, view)
    for image, end in zip(
        (page.locator(f"{slider} img").first, page.locator(f"{slider} img").last), says, strict=True
    ):
        expect(image).to_have_attribute("alt", re.compile(f": {end}$"), timeout=120_000)


def test_two_ways_beside_each_other_or_what_is_missing(page):
    from spotter.explain.topics.two_stage_comparison import missing

    open_view(page, "Two ways to spot")
    expect(pictures(page, 12).first).to_have_attribute(
        "alt", re.compile("CRAFT has not run"), timeout=120_000
    )
    if missing():
        expect(page.locator("#two-ways-missing")).to_contain_text("pip install easyocr")
        return
    page.get_by_label("Run CRAFT").check()
    expect(pictures(page, 12).first).to_have_attribute("alt", re.compile("heat maps"), timeout=300_000)
    fill_truth(page, f"CAFE: {outline(page)}")  # random weights find none of the sample's own words
    open_view(page, "Two ways to spot")
    expect(page.locator("#two-ways-curve img")).to_be_visible(timeout=300_000)
    cut = page.locator("#two-ways-cut img")
    expect(cut).to_have_attribute("alt", re.compile("1.6 times as large"))
    page.locator("#two-ways-factor input[type=range]").press("ArrowRight")
    expect(cut).to_have_attribute("alt", re.compile("1.8 times as large"))


def test_the_lesson_deck_is_saved(page):
    with page.expect_download(timeout=300_000) as download:
        page.locator("#inside-deck").click()
    assert download.value.suggested_filename == "lesson-deck.pdf"
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


def test_the_tour_goes_through_ten_steps_with_the_keyboard(page):
    page.locator("#inside-tour-start").click()
    tour = page.locator("#inside-tour")
    expect(tour).to_contain_text("Step 1 of 10")
    expect(page.locator("#tour-next")).to_be_focused()
    for i, step in enumerate(STEPS[1:], 2):
        page.keyboard.press("Enter")
        expect(tour).to_contain_text(f"Step {i} of 10: {step.title}")
        expect(pictures(page, step.view).first).to_be_visible(timeout=120_000)
    tour.get_by_role("button", name="Back").click()
    expect(tour).to_contain_text("Step 9 of 10")
    tour.get_by_role("button", name="Close the tour").click()
    expect(tour).to_be_hidden()


NAME_IS_SEEN = """(view) => {
  const name = document.querySelector(`#view-${view}-button[aria-selected=true]`);
  if (!name) return false;
  const row = name.parentElement.getBoundingClientRect(), {left, right} = name.getBoundingClientRect();
  return row.left - 1 <= left && right <= row.right + 1;
}"""


def test_the_tour_fits_a_phone(inside_url, open_page):
    page = open_page(inside_url, width=390, height=844)
    enter(page)
    page.locator("#inside-tour-start").click()
    for i in range(1, 11):
        expect(page.locator("#inside-tour")).to_contain_text(f"Step {i} of 10")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        if STEPS[i - 1].view is not None:
            page.wait_for_function(NAME_IS_SEEN, arg=STEPS[i - 1].view)
        page.locator("#tour-next").click()
    expect(page.locator("#inside-tour")).to_be_hidden()
