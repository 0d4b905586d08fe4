"""The guided tour: ten steps through Look inside with the first sample photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from spotter.tabs.shared.events import HIDDEN

UNQUEUED: dict[str, Any] = {**HIDDEN, "queue": False}  # turns a page; does not wait for the spotter
FOCUS_NEXT = "() => document.querySelector('#tour-next')?.focus({preventScroll: true})"


@dataclass(frozen=True)
class TourStep:
    view: int | None  # number of the view that opens; None: the open one stays
    title: str
    text: str  # what to look at


STEPS = (
    TourStep(
        None,
        "The photo and its words",
        "Blue outlines are the words the network found on the photo above; the orange one is the word that "
        "all views follow. Click another word, or pick it in the list, and come back to this step.",
    ),
    TourStep(
        1,
        "Swin: attention within windows",
        "The network first splits the photo into tokens. The orange one attends only to the tokens in its "
        "own window. Choose the shifted block and see the window move: tokens that were separated now meet.",
    ),
    TourStep(
        3,
        "Four levels of detail",
        "The same photo as four maps, each at half the resolution of the one before. On which can you still "
        "tell letters apart? The table below lists the actual shape of every layer for this photo.",
    ),
    TourStep(
        4,
        "Pooling a box",
        "Shift the box by quarter pixels with the arrow keys. The blue curve changes smoothly, the red one "
        "stays flat and then jumps: this is why features are pooled with RoIAlign.",
    ),
    TourStep(
        5,
        "Where detection starts",
        "These boxes are learned and the same for every photo. Click on one: the text next to the photo says "
        "whether it ends up as a word here.",
    ),
    TourStep(
        6,
        "Six corrections",
        "Press Play. In six stages the orange box moves to its word and its score rises; the curve shows "
        "which stage does most of the work.",
    ),
    TourStep(
        8,
        "A shape in 60 numbers",
        "Drag the slider to 1, then slowly up. The first numbers tilt and bend the outline, the later ones "
        "only refine it.",
    ),
    TourStep(
        9,
        "Recognition Conversion",
        "The gates M1 to M3 carry the detector's idea of the word into recognition. Switch one off: the word "
        "is read again at once. Does the text change?",
    ),
    TourStep(
        11,
        "One character per step",
        "Pick the second character: its attention lies where that character is. Then force another one and "
        "see whether the later ones change.",
    ),
    TourStep(
        13,
        "How good was it?",
        "Green words count as correct, dashed red ones were missed. Lower the score threshold and watch "
        "precision fall while recall rises. This sample was rendered, so its true words are known; for your "
        "own photo you can write them under it.",
    ),
)


class Tour:
    """A panel above the views, and a button next to the photo that opens it."""

    def __init__(self) -> None:
        self.start = gr.Button("Guided tour, ten steps", size="sm", elem_id="inside-tour-start")

    def panel(self) -> None:
        """Lays the panel out where it is called."""
        self.index = gr.State(0)
        with gr.Column(visible=False, elem_id="inside-tour") as self.group:
            self.text = gr.Markdown(padding=True)
            with gr.Row():
                self.back = gr.Button("Back", size="sm", min_width=80)
                self.next = gr.Button("Next", size="sm", variant="primary", min_width=80, elem_id="tour-next")
                self.close = gr.Button("Close the tour", size="sm", min_width=130)

    def wire(self, views: gr.Tabs) -> None:
        """Steps open the sub-tabs of `views`, whose ids are the views' numbers."""
        outputs = [self.index, self.group, self.text, self.back, self.next, views]

        def show(index: int) -> dict[Any, Any]:
            if index >= len(STEPS):
                return {self.index: 0, self.group: gr.update(visible=False)}
            step = STEPS[index]
            opened = {} if step.view is None else {views: gr.Tabs(selected=step.view)}
            return opened | {
                self.index: index,
                self.group: gr.update(visible=True),
                self.text: f"**Step {index + 1} of {len(STEPS)}: {step.title}.** {step.text}",
                self.back: gr.update(interactive=index > 0),
                self.next: gr.update(value="Finish" if index == len(STEPS) - 1 else "Next"),
            }

        started = self.start.click(lambda: show(0), None, outputs, **UNQUEUED)
        started.then(None, js=FOCUS_NEXT, **UNQUEUED)
        self.next.click(lambda index: show(index + 1), self.index, outputs, **UNQUEUED)
        self.back.click(lambda index: show(max(index - 1, 0)), self.index, outputs, **UNQUEUED)
        self.close.click(lambda: show(len(STEPS)), None, outputs, **UNQUEUED)
