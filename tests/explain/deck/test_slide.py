"""Slides are arranged inside their page, without overlaps."""

from __future__ import annotations

from itertools import combinations

import pytest
from PIL import Image

from spotter.explain.deck import slide as module
from spotter.explain.deck.slide import HEIGHT, WIDTH, Slide, arrange, in_halves, wrap

SENTENCE = "A sentence of a slide that says what the picture beside it shows, in a few words. "
SLIDES = {
    "a title alone": Slide("Title"),
    "a long title": Slide("Title " * 30, "Paper, section 3"),
    "text": Slide("Title", "Paper, section 3", [SENTENCE] * 3),
    "a cover": Slide("SwinTextSpotter on one photo", "", [SENTENCE], [], [(800, 600)], is_cover=True),
    "a wide picture": Slide("Title", "", [SENTENCE], [r"$a + b$"], [(900, 100)]),
    "a tall picture": Slide("Title", "", [SENTENCE] * 4, [r"$a + b$"] * 4, [(100, 900)]),
    "two pictures": Slide("Title", "", [SENTENCE] * 2, [], [(900, 100), (300, 600)]),
    "a long formula": Slide("Title", "", [SENTENCE], [f"${' + '.join(['a'] * 60)}$"], [(400, 300)]),
    "a table": Slide("Title", "", [SENTENCE], [r"$\frac{1}{2}$"], [(600, 400)], [("layer", "shape")] * 20),
    "a large table": Slide("Title", "", [], [], [], in_halves(("a", "b"), [("word", "word")] * 23)),
}


def with_pictures(slide: Slide) -> Slide:
    pictures = [(Image.new("RGB", size), "a picture") for size in slide.pictures]
    return module.Slide(**{**vars(slide), "pictures": pictures})


@pytest.mark.parametrize("name", SLIDES)
def test_parts_stay_inside_and_apart(name):
    slide = with_pictures(SLIDES[name])
    layout = arrange(slide)
    assert layout.fits
    for left, top, width, height in (part.box for part in layout.parts):
        assert min(left, top, width, height) >= 0
        assert left + width <= WIDTH + 1e-6
        assert top + height <= HEIGHT
    for one, other in combinations([part.box for part in layout.parts], 2):
        apart = [
            min(a + size, b + other_size) - max(a, b) <= 1e-6
            for a, b, size, other_size in zip(one[:2], other[:2], one[2:], other[2:], strict=True)
        ]
        assert any(apart), (one, other)
    for picture in layout.pictures:
        ratio = picture.image.width / picture.image.height
        assert picture.box[2] / picture.box[3] == pytest.approx(ratio), "stretched"
    assert len(layout.pictures) == len(slide.pictures)


def test_text_shrinks_before_it_leaves_the_slide():
    few, many = (arrange(Slide("Title", sentences=[SENTENCE] * count)) for count in (1, 15))
    assert few.text.size > many.text.size


def test_words_that_fill_more_than_a_slide_are_known():
    assert not arrange(Slide("Title", sentences=[SENTENCE] * 100)).fits


@pytest.mark.parametrize("text", ["", "word", "two words", "w" * 400, "글자 " * 80])
def test_lines_keep_all_characters(text):
    lines = wrap(text, 2.0, 16)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(module.width_of(line, 16) <= 2.0 for line in lines)


def test_the_second_half_of_a_table_stands_beside_the_first():
    rows = [("1", "a"), ("2", "b"), ("3", "c")]
    heads = ("n", "x", "n", "x")
    assert in_halves(("n", "x"), rows) == [heads, ("1", "a", "3", "c"), ("2", "b", "", "")]
    assert in_halves(("n", "x"), []) == [heads]
