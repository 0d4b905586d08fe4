"""The lesson deck: nine pages, with the photo's own numbers, whatever the photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from spotter.explain import lesson_deck, lesson_deck_page
from spotter.explain.polygon_text import words_read
from spotter.explain.topics import two_stage_comparison


@pytest.fixture(autouse=True)
def without_craft(monkeypatch):
    """It takes many seconds; its own page has a test in test_two_ways.py."""
    monkeypatch.setattr(two_stage_comparison, "installed", lambda: False)


def pages_of(path) -> int:
    return path.read_bytes().count(b"/Type /Page\n") or path.read_bytes().count(b"/Type /Page ")


def test_a_photo_with_words(tiny_spotter, trace, longest, tmp_path):
    told = []
    path = tmp_path / "deck.pdf"
    count = lesson_deck.write_deck(
        path, tiny_spotter, trace, longest, progress=lambda part, desc: told.append((part, desc))
    )
    assert count == len(lesson_deck.PAGES) == 9
    assert path.read_bytes().startswith(b"%PDF")
    assert pages_of(path) == 9
    assert told[-1] == (8 / 9, "Page 9 of 9")


def test_a_photo_without_words(tiny_spotter, empty_trace, tmp_path):
    assert lesson_deck.write_deck(tmp_path / "deck.pdf", tiny_spotter, empty_trace, None) == 9
    assert pages_of(tmp_path / "deck.pdf") == 9


def test_the_pages_hold_the_numbers(tiny_spotter, trace, longest):
    truth = words_read(trace)
    lesson = lesson_deck.Lesson(tiny_spotter, trace, longest, truth, lambda *_, **__: None)
    made = {make.__name__: make(lesson) for make in lesson_deck.PAGES}
    height, width = trace.image.shape[:2]
    assert ("Photo", f"(3, {height}, {width})") in made["levels_page"].table
    assert trace.words[longest].text in made["reader_page"].sentences
    assert "nobody has corrected them" in made["results_page"].sentences
    assert "not installed" in made["two_ways_page"].sentences
    assert all(page.pictures for page in made.values())
    assert not any("..." in value for _, value in made["levels_page"].table)
    shapes = " ".join(value for _, value in made["levels_page"].table)
    assert shapes.count(str(trace.config.recognition_roi[1] // 4)) > 1  # the coarsest gate's is there too


def test_what_is_said_of_suppression_is_what_the_weights_do(tiny_spotter, trace, longest):
    for limit, said in ((1.0, "no non-maximum suppression"), (0.5, "overlap a surer one are dropped")):
        own = replace(trace, config=replace(trace.config, nms_iou=limit))
        lesson = lesson_deck.Lesson(tiny_spotter, own, longest, words_read(trace, 0), lambda *_, **__: None)
        assert said in lesson_deck.stages_page(lesson).sentences


def test_signs_of_formulas_on_a_photo_are_only_signs(tmp_path):
    page = lesson_deck_page.Page(
        r"a $\frac{ b", "section 3", r"read \"$x_$ $\nonsense$\"", [], [("$", r"\\$")], r"$\frac{P}{R}$"
    )
    lesson_deck_page.draw_page(page, 1, 9, "weights").savefig(tmp_path / "page.pdf")


@pytest.mark.parametrize("sizes", [[(900, 300)], [(900, 300), (300, 900)], [(50, 50)] * 3])
def test_pictures_stay_within_the_page(sizes):
    pictures = [Image.new("RGB", size) for size in sizes]
    figure = lesson_deck_page.draw_page(
        lesson_deck_page.Page("t", "s", "words " * 60, pictures), 1, 9, "weights"
    )
    for axes in figure.axes:
        x, y, width, height = axes.get_position().bounds
        assert min(x, y) >= 0
        assert x + width <= 1
        assert y + height <= 1
    paper = lesson_deck_page.WIDTH / lesson_deck_page.HEIGHT
    shapes = [np.divide(*axes.get_position().bounds[2:]) * paper for axes in figure.axes]
    np.testing.assert_allclose(shapes, [w / h for w, h in sizes], rtol=1e-6)  # not stretched
