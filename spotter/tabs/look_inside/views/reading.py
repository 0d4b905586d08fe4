"""View 11: the reader, one character a step."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import reading as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula

NUMBER = 11
TITLE = "Reading"
PAPER = "section 3.4"
NOTICE = (
    "The attention walks along the word, one look a character. The published network learns that from texts "
    "alone; these small weights were also shown where the characters of rendered words are. What was read "
    "before counts too: force another character and see whether the later ones follow."
)
AS_READ = -1


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            attention = Figure(photo=True, framed=True, elem_id="reading-attention", least=340)
            text = formula()
        with gr.Column(scale=3, min_width=280):
            step = gr.Radio([], label="Character", elem_id="reading-step", interactive=True)
            best = Figure(elem_id="reading-best")
            forced = gr.Dropdown(
                [("as read", AS_READ)], value=AS_READ, label="Force another character here", interactive=True
            )
            result = gr.Markdown(elem_id="reading-forced")

    def draw(scene: Scene, step: int | None, forced: int | None) -> tuple:
        trace, word = scene.trace, scene.word
        step = min(int(step or 0), explain.steps(trace, word) - 1)
        message = "Pick a character in the list to feed it to the reader in place of the one it read."
        if forced is not None and forced != AS_READ:
            ids, probabilities = explain.force(scene.spotter(), trace, word, step, int(forced))
            message = explain.describe_forced(trace, word, step, int(forced), ids, probabilities)
        return (
            explain.draw_attention(trace, word, step),
            explain.draw_alternatives(trace, word, step),
            explain.describe(trace, word, step),
            message,
        )

    def prepare(scene: Scene) -> list[dict]:
        config = scene.trace.config
        characters = [("as read", AS_READ), ("end of the word", 0)]
        characters += [(character, i + 1) for i, character in enumerate(config.characters)]
        return [
            {"choices": explain.step_names(scene.trace, scene.word), "value": 0},
            {"choices": characters, "value": AS_READ},
        ]

    return View([step, forced], [attention, best, text, result], draw, prepare, runs_model=True)
