"""Stored English sentences in the language of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from annotation.rounds import starting
from annotation.rounds.characters import learns_sentence
from annotation.rounds.config import RoundConfig
from annotation.rounds.mistakes import Mistakes, choose_part
from annotation.rounds.stored_texts import stored
from annotation.rounds.suspicions import Suspicions
from annotation.rounds.worker import explain
from spotter.language import speaking


def reason(texts: int, missed: int, confused: int = 0) -> Callable[[], str]:
    mistakes = Mistakes(Counter(text=texts, missed=missed), Counter({("0", "O"): confused}))
    return lambda: choose_part(mistakes, RoundConfig())[1]


def warnings(**values) -> Callable[[], str]:
    return lambda: " ".join(Suspicions(RoundConfig(), photos=4, **values).warnings())


SENTENCES = [
    reason(0, 0),
    reason(1, 0),
    reason(2, 1, confused=2),
    reason(40, 2, confused=9),
    reason(2, 40),
    reason(30, 30),
    warnings(emptied=["Straße 1. Nacht.jpg"]),
    warnings(covered=["a.jpg", "b.jpg", "c.jpg", "d.jpg"], contradictory=["one and two.jpg"]),
    warnings(texts=Counter({"Mr. X": 30}), without_text=70),
    lambda: learns_sentence("é"),
    lambda: f"{starting.chosen_reason('Ada', 'detector')} {learns_sentence('éüß')}",
    lambda: explain(MemoryError(), 2.5),
    lambda: explain(KeyError("x"), 2.5),
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_stored_sentence_is_what_it_would_have_been(sentence):
    english = sentence()
    assert stored(english) == english
    with speaking("ko"):
        korean = sentence()
        assert stored(english) == korean != english


@pytest.mark.parametrize(
    "text", ["", "deleted", "Ada is glad.", "{} and {x", "A {kind}: 50 %. Yes!", "저장했습니다."]
)
def test_what_is_none_of_ours_stays(text):
    with speaking("ko"):
        assert stored(text) in (text, "삭제됨")
    assert stored(text) == text


def test_only_whole_sentences_are_taken_apart():
    with speaking("ko"):
        assert stored("Somebody's own words. The disk is full; make room, then resume the round.") == (
            "Somebody's own words. 디스크가 가득 찼습니다. 자리를 비운 다음 라운드를 이어서 하십시오."
        )
