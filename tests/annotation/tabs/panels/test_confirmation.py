"""The question before something is deleted."""

from __future__ import annotations

import gradio as gr

from annotation.tabs.panels.confirmation import Confirmation, photos, words


def test_numbers():
    assert [photos(n) for n in (0, 1, 1234)] == ["0 photos", "1 photo", "1,234 photos"]
    assert [words(n) for n in (0, 1, 1234)] == ["0 words", "1 word", "1,234 words"]


def test_names_in_a_question_are_no_markup():
    with gr.Blocks():
        confirmation = Confirmation("question")
    updates = confirmation.ask(7, "Delete <b>**x**</b>.jpg?", "Delete it")
    assert updates[confirmation.text] == r"Delete \<b\>\*\*x\*\*\</b\>\.jpg?"
    assert updates[confirmation.subject] == 7
    assert set(updates) == set(confirmation.outputs)
    assert confirmation.close()[confirmation.subject] is None
