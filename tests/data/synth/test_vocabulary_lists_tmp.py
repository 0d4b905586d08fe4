import json
import random

import pytest

from spotter.data.synth.vocabulary import Vocabulary, WordLists


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
