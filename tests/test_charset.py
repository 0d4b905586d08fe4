"""Characters and their class ids."""

import pytest

from spotter.charset import Charset
from spotter.config import OFFICIAL_CHARACTERS, official


@pytest.mark.parametrize(
    ("text", "ids"),
    [("", [0, -1, -1, -1]), ("a", [1, 0, -1, -1]), ("cab", [3, 1, 2, 0])],
)
def test_encode_and_decode(text, ids):
    charset = Charset("abc")
    assert charset.encode(text, 4).tolist() == ids
    assert charset.decode(ids) == text


@pytest.mark.parametrize(
    ("text", "message"), [("abcd", "does not know 'd'"), ("abca", "4 characters is longer than 3")]
)
def test_texts_that_cannot_be_encoded(text, message):
    with pytest.raises(ValueError, match=message):
        Charset("abc").encode(text, 4)


@pytest.mark.parametrize(("ids", "text"), [([], ""), ([0, 1], ""), ([1, -1, 2], "a"), ([1, 2, 3], "abc")])
def test_decode_stops_at_the_end_sign(ids, text):
    assert Charset("abc").decode(ids) == text


def test_a_character_may_have_two_ids():
    """Like '~' in the published list: both decode to it, it encodes to the first."""
    charset = Charset(OFFICIAL_CHARACTERS)
    assert charset.encode("~", 2).tolist() == [95, 0]
    assert charset.decode([95, 106]) == "~~"


def test_published_characters():
    assert len(OFFICIAL_CHARACTERS) == 106
    assert official().classes == 107
    assert OFFICIAL_CHARACTERS[:3] == ' !"'
    assert OFFICIAL_CHARACTERS[94] == "~"
