"""View 12: the same photo through CRAFT and a CRNN, beside ours."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import gradio as gr

from spotter.explain import two_ways as explain
from spotter.tabs.look_inside_figure import Figure
from spotter.tabs.look_inside_view import Scene, View

NUMBER = 12
TITLE = "Two ways to spot"
PAPER = "section 1"
NOTICE = (
    "Two networks in a row: CRAFT marks characters, a box is cut out, a CRNN reads the pixels in it, "
    "neighbours and all. Ours reads features that its own mask has cleaned. Cut looser and see which of the "
    "two suffers. (CRAFT and the CRNN were trained on far more photos than the small weights here.)"
)
RUN = "Run CRAFT + CRNN on this photo (10 to 30 seconds)"
KEPT = 4  # photos whose results are kept

results: OrderedDict[bytes, explain.TwoStage] = OrderedDict()
curves: OrderedDict[bytes, explain.Looseness | None] = OrderedDict()


def build() -> View:
    missing = explain.missing()
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            heat = Figure(photo=True, framed=True, elem_id="two-ways-heat", least=560)
        with gr.Column(scale=4, min_width=280):
            run = gr.Checkbox(False, label=RUN, visible=not missing, elem_id="two-ways-run")
            gr.Markdown(f"**{missing}**", visible=bool(missing), elem_id="two-ways-missing")
            inputs = Figure(photo=True, framed=True, elem_id="two-ways-inputs")
            curve = Figure(elem_id="two-ways-curve")
            text = gr.Markdown(elem_classes="formula", elem_id="two-ways-text")

    def draw(scene: Scene, run: bool) -> tuple:
        trace, word = scene.trace, scene.word
        photo = key(trace.image)
        found, measured = results.get(photo), None
        if run and not missing:
            found = found or keep(results, photo, explain.spot_the_other_way(trace, scene.progress))
            measured = looseness(scene, photo)
        return (
            explain.draw_heat(trace, found),
            explain.draw_inputs(trace, found, word),
            explain.draw_looseness(measured),
            explain.describe(trace, found, measured, word),
        )

    def prepare(scene: Scene) -> list[dict]:
        return [{"value": key(scene.trace.image) in results}]

    return View([run], [heat, inputs, curve, text], draw, prepare, runs_model=True, slow=True)


def looseness(scene: Scene, photo: bytes) -> explain.Looseness | None:
    """The curve of this photo with these true words, measured once."""
    name = photo + key(f"{scene.trace.model.get('sha256')} {scene.truth}".encode())
    if name not in curves:
        tell = lambda part: scene.progress(part, desc="Cutting the words out ever more loosely")  # noqa: E731
        keep(curves, name, explain.measure_looseness(scene.spotter(), scene.trace, scene.truth, tell))
    return curves[name]


def key(data) -> bytes:
    """What tells photos apart: 16 bytes from all of theirs."""
    return blake2b(data, digest_size=16).digest()


def keep(kept: OrderedDict, name: bytes, value):
    """Puts a result into a store of the last KEPT ones, and returns it."""
    kept[name] = value
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return value
