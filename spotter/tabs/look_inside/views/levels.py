"""View 3: the feature pyramid, and every step's real shape."""

from __future__ import annotations

import gradio as gr

from spotter.explain import picked_points
from spotter.explain.topics import levels as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula, place_choice

NUMBER = 3
TITLE = "FPN levels"
PAPER = "section 3.1"
NOTICE = (
    "Four maps of the same photo, each half as fine as the one before. See on which of them letters are "
    "still apart, compare what the levels cost, and find the one the word is cut out of."
)
KINDS = [("energy", "energy"), ("3 principal components", "pca")]
WHEN = [("after the dilated blocks", True), ("before them", False)]


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            maps = Figure(elem_id="levels-maps", least=620)
        with gr.Column(scale=3, min_width=280):
            kind = gr.Radio(KINDS, value="energy", label="Show", elem_id="levels-kind")
            widened = gr.Radio(WHEN, value=True, label="Levels")
            place = place_choice("Place outlined", "levels-place")
            photo = Figure(photo=True, clickable=True, elem_id="levels-photo")
            text = formula()
    table = formula()

    def draw(scene: Scene, kind: str, widened: bool, place: str | None) -> tuple:
        from spotter.explain.layer_table import steps_of  # it imports torch

        trace, word = scene.trace, scene.word
        point = picked_points.place_of(trace, word, place)
        if point is None:
            return None, None, picked_points.BAD_PLACE, ""
        scene.progress(0.3, desc="Counting every step of the network")
        steps = steps_of(scene.spotter(), trace)
        return (
            explain.draw_levels(trace, point, word, bool(widened), kind, steps),
            explain.draw_photo(trace, point, word),
            explain.describe_rule(trace, word) + explain.describe_variation(trace, bool(widened)),
            explain.describe_steps(steps),
        )

    def prepare(scene: Scene) -> list[dict]:
        names = picked_points.choices(scene.trace, scene.word)
        return [{"value": "energy"}, {"value": True}, {"choices": names, "value": names[0]}]

    def pick(scene: Scene, click: list[float], *_: object) -> str:
        return picked_points.place_on_picture(scene.trace, click)

    return View(
        [kind, widened, place],
        [maps, photo, text, table],
        draw,
        prepare,
        needs_word=False,
        runs_model=True,
        slow=True,
        clicks=[(photo, place, pick)],
    )
