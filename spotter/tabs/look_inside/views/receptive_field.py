"""View 2: what a cell of the pyramid looks at, with and without the dilated block."""

from __future__ import annotations

from functools import lru_cache

import gradio as gr
import numpy as np

from spotter.explain import gap_between_words as blanks
from spotter.explain import gradient_field as compute
from spotter.explain import picked_points
from spotter.explain.topics import receptive_field as explain
from spotter.images import read_image
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.view import Scene, View, formula, name_slides, place_choice
from spotter.tabs.shared.samples import SAMPLES

NUMBER = 2
TITLE = "Receptive field"
PAPER = "section 3.1"
NOTICE = (
    "In theory a cell sees nearly the whole photo; by gradient most of what moves it lies close by. Drag "
    "between with and without the dilated block: is the difference as large as the squares promise?"
)
WITHOUT = "without the block"
PLAIN = "1-1-1"


@lru_cache(maxsize=1)
def sample_photos() -> list[np.ndarray]:
    return [read_image(sample.path) for sample in SAMPLES]


def build() -> View:
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            picture = Figure(photo=True, clickable=True, elem_id="field-picture")
            slider = gr.ImageSlider(
                label="Drag to compare",
                show_label=False,  # it would lie over the picture
                interactive=False,
                buttons=[],
                format="png",
                elem_id="field-slider",
            )
        with gr.Column(scale=3, min_width=280):
            level = gr.Radio([(f"P{i + 2}", i) for i in range(4)], value=0, label="Level")
            place = place_choice("Cell at", "field-place")
            with gr.Row():
                sides = [
                    gr.Dropdown(
                        ["2-4-1", PLAIN, WITHOUT],
                        value=value,
                        allow_custom_value=True,
                        label=f"{name}: dilations",
                        info="or write your own, such as 3-6-1",
                        min_width=170,
                        interactive=True,
                        elem_id=f"field-{name.lower()}",
                    )
                    for name, value in (("Left", "2-4-1"), ("Right", WITHOUT))
                ]
            count = gr.Slider(
                1, len(SAMPLES), value=1, step=1, label="Averaged over photos (the samples; seconds each)"
            )
            curves = Figure(elem_id="field-curves")
            text = formula()
    blank_text = gr.Markdown(elem_id="field-blank")
    name_slides(slider, sides, "Receptive field, dilated block")

    def draw(scene: Scene, level: int | None, place: str | None, left: str, right: str, count: int) -> tuple:
        trace, level = scene.trace, int(level or 0)
        point = picked_points.place_of(trace, scene.word, place)
        if point is None:
            return None, None, None, picked_points.BAD_PLACE, ""
        layers = len(trace.config.dilations)
        variants = [
            None if side == WITHOUT else compute.parse_dilations(side, layers) for side in (left, right)
        ]
        if any(v is None and side != WITHOUT for v, side in zip(variants, (left, right), strict=True)):
            return None, None, None, explain.bad_dilations(layers), ""
        cell = explain.cell_at(trace, level, point)
        others = explain.other_photos(trace, sample_photos())[: int(count) - 1] if count > 1 else []
        fields = compute.fields_of(scene.spotter(), trace, level, cell, variants, others, scene.progress)
        computed = [
            (v, compute.fields_of(scene.spotter(), trace, level, cell, [v], others)[0])
            for v in compute.variants_kept(trace, level, cell, len(others))
        ]
        blank = None if scene.word is None else picked_points.blank_beside(trace, scene.word)
        inside = blank is not None and explain.cell_at(trace, level, blank.middle) == cell
        own = next((v for v in variants if v is not None), None)
        return (
            explain.draw_photo(trace, level, cell, own, (scene.word, blank) if inside else None),
            explain.draw_fields(trace, level, cell, fields, variants),
            explain.draw_curves(fields, variants, level),
            explain.describe(trace, level, cell, fields, variants, computed, 1 + len(others)),
            blanks.describe_blank(trace, level, cell, fields, variants, scene.word, blank)
            if inside
            else blanks.ask_for_blank(blank),
        )

    def prepare(scene: Scene) -> list[dict]:
        names = picked_points.choices(scene.trace, scene.word)
        own = "-".join(map(str, scene.trace.config.dilations))
        variants = list(dict.fromkeys([own, PLAIN, WITHOUT]))
        return [
            {"value": 0},
            {"choices": names, "value": names[0]},
            {"choices": variants, "value": own},
            {"choices": variants, "value": WITHOUT},
            {"value": 1},
        ]

    def pick(scene: Scene, click: list[float], *_: object) -> str:
        return picked_points.place_on_picture(scene.trace, click)

    return View(
        [level, place, *sides, count],
        [picture, slider, curves, text, blank_text],
        draw,
        prepare,
        needs_word=False,
        runs_model=True,
        slow=True,
        clicks=[(picture, place, pick)],
    )
