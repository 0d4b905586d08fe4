"""The characters that a round teaches the reader."""

from __future__ import annotations

import pytest

from annotation.rounds import characters
from annotation.rounds.characters import (
    check_number,
    learns_sentence,
    merge_characters,
    named_characters,
    read_characters,
    spoken,
)
from annotation.rounds.records import RoundError


def test_those_of_weights(tiny_file, tiny_config, tmp_path):
    assert read_characters(tiny_file) == tiny_config.characters
    assert read_characters(tmp_path / "none.safetensors") is None
    (tmp_path / "a.safetensors").write_bytes(b"no weights")
    assert read_characters(tmp_path / "a.safetensors") is None


@pytest.mark.parametrize(("text", "expected"), [("", ""), (" é, ü\nü ", "éü"), ("한국", "한국")])
def test_named(text, expected):
    assert named_characters(text) == expected


def test_what_cannot_be_learnt_is_one_sentence():
    with pytest.raises(RoundError, match="can be printed"):
        named_characters("a\x07")
    assert check_number("é" * characters.MAX_CHARACTERS)
    with pytest.raises(RoundError, match="at most 3000 characters, not 3001"):
        check_number("é" * (characters.MAX_CHARACTERS + 1))


def test_known_characters_keep_their_places():
    assert merge_characters("ba", "ca", "dc") == "bacd"


def test_sentences():
    assert learns_sentence("") == ""
    assert learns_sentence("é") == "The reader learns 1 more character: é."
    missing = "\U000e0101"  # no font has it
    assert learns_sentence("é" + missing) == (
        f"The reader learns 2 more characters: é {missing}. No installed font has {missing}: install one, or "
        "only the photos teach this."
    )
    assert spoken("a" * 22) == " ".join("a" * 20) + " and 2 more"
