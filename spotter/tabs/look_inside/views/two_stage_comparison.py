"""View 12: the same photo through CRAFT and a CRNN, beside ours."""

from __future__ import annotations

import gradio as gr

from spotter.explain.topics import two_stage_comparison as explain
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.truth import unsaid
from spotter.tabs.look_inside.view import Scene, View

NUMBER = 12
TITLE = "Two ways to spot"
PAPER = "section 1"
NOTICE = (
    "Two networks in a row: CRAFT marks characters, a box is cut out, a CRNN reads the pixels in it, "
    "neighbours and all. Ours reads features that its own mask has cleaned. Cut looser and see which of the "
    "two suffers. (CRAFT and the CRNN were trained on far more photos than the small weights here.)"
)
RUN = "Run CRAFT + CRNN on this photo (half a minute or more)"


def build() -> View:
    missing = explain.missing()
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            run = gr.Checkbox(False, label=RUN, visible=not missing, elem_id="two-ways-run")
            heat = Figure(photo=True, framed=True, elem_id="two-ways-heat", least=560)
            inputs = Figure(photo=True, framed=True, elem_id="two-ways-inputs")
        with gr.Column(scale=4, min_width=280):
            gr.Markdown(f"**{missing}**", visible=bool(missing), elem_id="two-ways-missing")
            factor = gr.Slider(
                float(explain.FACTORS[0]),
                float(explain.FACTORS[-1]),
                value=explain.LOOSE,
                step=float(explain.FACTORS[1] - explain.FACTORS[0]),
                label="How loosely the word is cut out",
                info="sides of the cut; 1 is the true rectangle",
                visible=not missing,
                elem_id="two-ways-factor",
            )
            cut = Figure(photo=True, framed=True, elem_id="two-ways-cut")
            curve = Figure(elem_id="two-ways-curve")
            text = gr.Markdown(elem_classes="formula", elem_id="two-ways-text")

    def draw(scene: Scene, run: bool, factor: float) -> tuple:
        trace, word, measured = scene.trace, scene.word, None
        if run and not missing:
            explain.spot_the_other_way(trace, scene.progress)
            tell = lambda part: scene.progress(part, desc="Cutting the words out ever more loosely")  # noqa: E731
            measured = explain.looseness(scene.spotter(), trace, scene.truth, tell)
        found = explain.spotted(trace)
        return (
            explain.draw_heat(trace, found),
            explain.draw_inputs(trace, found, word),
            explain.draw_cut(trace, measured, word, float(factor)),
            explain.draw_looseness(measured, float(factor)),
            (unsaid(scene) if measured else "") + explain.describe(trace, found, measured, word),
        )

    def prepare(scene: Scene) -> list[dict]:
        return [{"value": explain.spotted(scene.trace) is not None}, {"value": explain.LOOSE}]

    return View([run, factor], [heat, inputs, cut, curve, text], draw, prepare, runs_model=True, slow=True)
