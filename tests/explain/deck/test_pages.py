"""The pages of the deck: numbers and sentences are those of the photo."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from spotter.explain.deck import detection, frame_pages
from spotter.explain.deck.lesson import Lesson
from spotter.explain.deck.pages import PAGES
from spotter.explain.deck.slide import arrange
from spotter.explain.polygon_text import words_read
from spotter.explain.topics import two_stage_comparison

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(autouse=True)
def without_craft(monkeypatch):
    """It takes many seconds."""
    monkeypatch.setattr(two_stage_comparison, "installed", lambda: False)


def lesson_of(spotter, trace, word) -> Lesson:
    return Lesson(spotter, trace, word, words_read(trace), lambda *_, **__: None)


def words_of(slide) -> str:
    return " ".join([slide.title, *slide.sentences, *(cell for row in slide.table for cell in row)])


@pytest.fixture(scope="module")
def slides(tiny_spotter, trace, longest):
    lesson = lesson_of(tiny_spotter, trace, longest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_stage_comparison, "installed", lambda: False)
        return {name: make(lesson) for name, make in PAGES.items()}


def test_pages_hold_the_numbers_of_the_photo(slides, trace, longest):
    height, width = trace.image.shape[:2]
    assert f"(3, {height}, {width})" in words_of(slides["pyramid"])
    text = trace.words[longest].text
    assert all(text in words_of(slides[name]) for name in ("title", "why", "reader"))
    assert "of the crop is" in words_of(slides["why"])
    assert "No ground truth" in words_of(slides["results"])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_slide_and_asks_for_no_packages(slides, name):
    slide = slides[name]
    assert arrange(slide).fits
    assert slide.pictures or slide.table
    assert "pip" not in words_of(slide)
    assert "installed" not in words_of(slide)
    assert all(alt for _, alt in slide.pictures)


def test_formulas_have_values(slides):
    for name in ("windows", "pyramid", "roi", "stages", "shapes", "conversion", "reader", "results"):
        assert any(re.search(r"= .*\d", formula) for formula in slides[name].formulas), name


def test_a_photo_without_words_has_no_page_that_fails(tiny_spotter, empty_trace):
    lesson = lesson_of(tiny_spotter, empty_trace, None)
    for make in PAGES.values():
        slide = make(lesson)
        assert slide.sentences or slide.pictures or slide.table


def test_suppression_is_described_as_configured(tiny_spotter, trace, longest):
    for limit, expected in ((1.0, "no non-maximum suppression"), (0.5, "are dropped")):
        own = replace(trace, config=replace(trace.config, nms_iou=limit))
        assert expected in words_of(detection.stages_slide(lesson_of(tiny_spotter, own, longest)))


def test_measured_figures_are_those_of_the_readme():
    text = README.read_text(encoding="utf-8")
    ours, theirs = (
        re.search(
            rf"^\| {name}[^|]*\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([\d.]+) million", text, re.M
        ).groups()
        for name in ("`nano`", "EasyOCR 1.7.2")
    )
    assert tuple(zip(theirs, ours, strict=True)) == frame_pages.MEASURED
