"""The texts of each split."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

pytest.importorskip("wordfreq", reason="words of synthetic scenes: pip install -r requirements-train.txt")
pytest.importorskip("faker", reason="names of synthetic scenes: pip install -r requirements-train.txt")

from spotter.config import PRINTABLE
from spotter.data.synth import vocabulary
from spotter.data.synth.vocabulary import Vocabulary, WordLists, installed_vocabulary


@pytest.fixture(scope="module")
def texts() -> dict[str, Vocabulary]:
    """The vocabulary of each split."""
    return {split: installed_vocabulary(split) for split in ("train", "held_out")}


def test_splits_share_no_text(texts):
    train, held_out = texts.values()
    assert not set(train.common) & set(held_out.common)
    assert 0.08 < len(held_out.common) / len(train.common) < 0.14
    for split, source in texts.items():
        rng = random.Random(1)
        assert all(vocabulary.is_held_out(source.sample(rng)) == (split == "held_out") for _ in range(500))


def test_only_texts_to_train_with_have_foreign_words(texts):
    assert len(texts["train"].foreign) > 10_000
    assert not texts["held_out"].foreign
    foreign = set(texts["train"].foreign)
    drawn = [texts["train"].sample(random.Random(seed)).lower() for seed in range(2000)]
    assert 0.05 < np.mean([text in foreign for text in drawn]) < 0.15


def test_every_character_occurs(texts):
    rng = random.Random(0)
    assert set("".join(texts["train"].sample(rng) for _ in range(10_000))) == set(PRINTABLE)


def test_texts_for_a_font_of_capitals_have_no_small_letters(texts):
    rng = random.Random(2)
    drawn = [texts["train"].sample(rng, caps_only=True) for _ in range(2000)]
    assert not any(c.islower() for text in drawn for c in text)


def test_long_texts_for_handwriting_are_not_all_capitals(texts):
    rng = random.Random(2)
    drawn = [texts["train"].sample(rng, script=True) for _ in range(2000)]
    assert not any(text.isupper() and text.isalpha() for text in drawn if len(text) > 2)


def test_word_lists_keep_every_digit():
    lists = WordLists(("a", "extraordinary"), (0.1 + 0.2, 1e-9), ("und",), ("Ann",))
    again = WordLists.from_json(lists.to_json())
    assert again == lists
    draws = [
        [Vocabulary("train", some)._word(random.Random(seed)) for seed in range(50)]
        for some in (lists, again)
    ]
    assert draws[0] == draws[1]
    assert set(draws[0]) == {"a", "extraordinary", "und"}


@pytest.mark.parametrize(
    "change",
    [
        {"frequencies": [0.1]},
        {"frequencies": [0.1, -0.1]},
        {"frequencies": [0, 0]},
        {"frequencies": ["0.1", "0.2"]},
        {"names": []},
        {"names": [1]},
        {"common": None},
        {"more": []},
    ],
)
def test_word_lists_of_another_form(change):
    fields = {"common": ["a", "b"], "frequencies": [0.2, 0.1], "foreign": [], "names": ["Ann"]}
    assert WordLists.from_json(json.dumps(fields)).foreign == ()
    with pytest.raises(ValueError, match="word lists are damaged"):
        WordLists.from_json(json.dumps(fields | change))
    for text in ("", "[]", "1"):
        with pytest.raises(ValueError, match="word lists are damaged"):
            WordLists.from_json(text)
