"""Texts with own characters."""

from __future__ import annotations

import random

import pytest

from spotter.data.synth.own_texts import MAX_LENGTH, own_text


def texts(own: str, word: str = "green", **options) -> set[str | None]:
    return {own_text(random.Random(seed), own, word, **options) for seed in range(60)}


def test_an_accented_letter_takes_the_place_of_its_base_letter():
    assert texts("é") == {"gréen", "greén"}
    assert texts("É") == {"GRÉEN", "GREÉN"}


def test_a_letter_without_base_takes_any_place():
    assert texts("ß", "on") == {"ßn", "oß"}


def test_other_scripts_stay_among_themselves():
    found = texts("한글я")
    assert all(set(text) <= set("한글") or set(text) == {"я"} for text in found)
    assert {len(text) for text in found} == set(range(1, MAX_LENGTH + 1))


@pytest.mark.parametrize(("own", "expected"), [("é", {None}), ("éÉ", {"GRÉEN", "GREÉN"}), ("한", None)])
def test_fonts_of_capitals_draw_no_small_letters(own, expected):
    found = texts(own, caps_only=True)
    assert found == expected if expected else all(set(text) == {"한"} for text in found)


def test_words_of_the_photos_if_the_font_has_all_their_characters():
    found = texts("é", words=["café", "한글"])
    assert "café" in found
    assert "한글" not in found


def test_nothing_to_draw():
    assert texts("") == {None}
