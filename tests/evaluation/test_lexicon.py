"""Readings replaced by the nearest word of a lexicon."""

import pytest

from spotter.evaluation.lexicon import Lexicon, load_lexicon
from spotter.types import Word


def word(text, reading_score=0.8):
    return Word("w0", [[0, 0], [9, 0], [9, 9], [0, 9]], [0, 0, 9, 9], text, 0.9, reading_score)


@pytest.mark.parametrize(
    ("words", "maximum", "read", "expected"),
    [
        (["coffee", "bar"], None, "c0ffee", "coffee"),
        (["Coffee"], None, "coffee", "Coffee"),  # spelt as in the lexicon
        (["cape", "CAFE"], None, "café", "CAFE"),  # case costs no edit
        (["cat", "cot"], None, "cut", "cat"),  # a tie goes to the earlier word
        (["cot", "cat"], None, "cut", "cot"),
        (["xylophone"], None, "cat", "xylophone"),  # the nearest however far
        (["house"], 1, "hause", "house"),
        (["house"], 1, "haase", "haase"),  # two edits: too far, not replaced
        (["house"], 0, "HOUSE", "house"),
        (["Cat", "CAT"], None, "cat", "Cat"),
        (["", "  ", " cat "], None, "", "cat"),  # blank lines are no words
    ],
)
def test_nearest_word(words, maximum, read, expected):
    lexicon = Lexicon(words, maximum)
    assert lexicon.nearest([read]) == [expected]
    assert lexicon.nearest([read]) == [expected]  # from memory


def test_nearest_words_of_many_texts_keep_their_order_and_case():
    lexicon = Lexicon(["cat", "house"], maximum_distance=1)
    assert lexicon.nearest([]) == []
    assert lexicon.nearest(["Zebra", "hous", "zEbra", "cat"]) == ["Zebra", "house", "zEbra", "cat"]


@pytest.mark.parametrize("words", [[], ["", " "]])
def test_a_lexicon_needs_a_word(words):
    with pytest.raises(ValueError, match="lexicon is empty"):
        Lexicon(words)


@pytest.mark.parametrize(
    ("read", "score", "expected"),
    [("mouse", 0.89, "house"), ("mouse", 0.9, "mouse"), ("50%", 0.1, "50%"), ("h0use", 0.1, "house")],
)
def test_confident_readings_and_numbers_are_not_replaced(read, score, expected):
    assert Lexicon(["house"]).correct([word(read, score), word("hous")]) == [expected, "house"]


def test_no_words_need_no_correction():
    assert Lexicon(["house"]).correct([]) == []


def test_lexicon_file_has_one_word_per_line(tmp_path):
    (tmp_path / "words.txt").write_text("\ufeffhouse\n\n mouse \n", encoding="utf-8")
    assert load_lexicon(str(tmp_path / "words.txt")).nearest(["hous", "mous"]) == ["house", "mouse"]


def test_wordfreq_lexicon():
    pytest.importorskip("wordfreq")
    assert load_lexicon("wordfreq").nearest(["stret"]) == ["street"]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\n \n", "holds no word"), (b"caf\xe9", "is not UTF-8 text")]
)
def test_invalid_lexicon_file(tmp_path, content, reason):
    (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        load_lexicon(str(tmp_path / "words.txt"))


def test_missing_lexicon_file():
    with pytest.raises(ValueError, match=r"The lexicon missing.txt cannot be read: No such file"):
        load_lexicon("missing.txt")
