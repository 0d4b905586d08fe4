"""The view of the ten questions."""

from __future__ import annotations

from spotter.tabs.look_inside.quiz_questions import COUNT, ask_all
from spotter.tabs.look_inside.view import first_value
from spotter.tabs.look_inside.views.quiz import QuizView, describe_score


def test_nothing_is_given_away_before_the_answers_are_checked(frames, trace):
    frame = frames[QuizView]
    view, shared = frame.view, frame.shared
    values = {component: first_value(component) for component in frame.inputs}
    values |= {shared.trace: trace, shared.word: 0, shared.truth: "", shared.picked: None}
    shown = frame.show(values)
    assert [shown[note] for note in view.notes] == [""] * COUNT
    assert shown[view.score] == ""
    asked = ask_all(frame.view_input(values))
    assert [shown[radio]["label"] for radio in view.radios] == [
        f"{i}. {q.text}" for i, q in enumerate(asked, 1)
    ]
    answers = dict.fromkeys(view.radios) | {view.radios[2]: asked[2].answer()[0]}
    drawn = view.draw(frame.view_input(values), values | answers | {view.checked: True})
    assert [bool(drawn[note]) for note in view.notes] == [i == 2 for i in range(COUNT)]
    assert drawn[view.notes[2]].startswith("✓")
    assert drawn[view.score] == "**1 of 10 right.** 9 are not answered yet."


def test_the_score_counts_right_answers(frames, trace):
    asked = ask_all(
        frames[QuizView].shared.view_input(
            {
                frames[QuizView].shared.trace: trace,
                frames[QuizView].shared.word: 0,
                frames[QuizView].shared.truth: "",
                frames[QuizView].shared.picked: None,
            },
            frames[QuizView].loader,
        )
    )
    right = [question.answer()[0] for question in asked]
    assert describe_score(asked, right) == "**10 of 10 right.**"
    wrong = [(index + 1) % len(question.options) for index, question in zip(right, asked, strict=True)]
    assert describe_score(asked, wrong) == "**0 of 10 right.**"
    assert describe_score([], []) == "**0 of 0 right.**"
