"""The guided tour: ten steps through Look inside with the first sample photo."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

QUIET = {"api_visibility": "private", "show_progress": "hidden", "queue": False}


@dataclass(frozen=True)
class Step:
    view: int | None  # NUMBER of the view that opens; None: the one that is open stays
    title: str
    look: str  # what to look at


STEPS = (
    Step(
        None,
        "The photo and its words",
        "Blue outlines are what the network found on the photo above, orange is the word that all views "
        "follow. Click another word, or pick it in the list, and come back to this step.",
    ),
    Step(
        1,
        "Swin: looking within windows",
        "The network first cuts the photo into tokens. The orange one looks only at the tokens of its own "
        "window. Choose the shifted block and see the window move: what was cut apart now meets.",
    ),
    Step(
        3,
        "Four levels of detail",
        "The same photo as four maps, each half as fine as the one before. On which are letters still apart? "
        "The table below holds the real shape of every step for this photo.",
    ),
    Step(
        4,
        "Cutting a box out",
        "Move the shift by a quarter pixel with the arrow keys. The blue curve glides, the red one stands "
        "still and jumps: that is why boxes are cut out with RoIAlign.",
    ),
    Step(
        5,
        "Where the search starts",
        "These boxes are learned and the same for every photo. Click on one: the text below tells whether it "
        "ends as a word here.",
    ),
    Step(
        6,
        "Six corrections",
        "Press Play. In six stages the orange box moves to its word while its score rises; the curve says "
        "which stage makes most of the way.",
    ),
    Step(
        8,
        "A shape in 60 numbers",
        "Drag the slider to 1, then slowly up. The first numbers tilt and bend the outline, the later ones "
        "only polish.",
    ),
    Step(
        9,
        "Recognition Conversion",
        "The gates M1 to M3 carry the detector's idea of the word into reading. Switch one off: the word is "
        "read again at once. Does the text change?",
    ),
    Step(
        11,
        "One look a character",
        "Pick the second character: its attention lies where that character stands. Then force another one "
        "and see whether the later ones follow.",
    ),
    Step(
        13,
        "How good was it?",
        "Green words count as right, dashed red ones were missed. Lower the least score and watch precision "
        "fall while recall rises. This sample was rendered, so its true words are known; on your own photo "
        "you can write them under it.",
    ),
)


class Tour:
    """A panel above the views; its button stands with the photo."""

    def __init__(self) -> None:
        self.start = gr.Button("Guided tour, ten steps", size="sm", elem_id="inside-tour-start")

    def panel(self) -> None:
        """Lays the panel out where it is called."""
        self.at = gr.State(0)
        with gr.Column(visible=False, elem_id="inside-tour") as self.group:
            self.text = gr.Markdown(padding=True)
            with gr.Row():
                self.back = gr.Button("Back", size="sm", min_width=80)
                self.next = gr.Button("Next", size="sm", variant="primary", min_width=80, elem_id="tour-next")
                self.close = gr.Button("Close the tour", size="sm", min_width=130)

    def wire(self, views: gr.Tabs) -> None:
        """Steps open the sub-tabs of `views`, whose ids are the views' numbers."""
        outputs = [self.at, self.group, self.text, self.back, self.next, views]

        def show(index: int) -> tuple:
            if index >= len(STEPS):
                return 0, gr.update(visible=False), *[gr.skip()] * 4
            step = STEPS[index]
            text = f"**Step {index + 1} of {len(STEPS)}: {step.title}.** {step.look}"
            return (
                index,
                gr.update(visible=True),
                text,
                gr.update(interactive=index > 0),
                gr.update(value="Finish" if index == len(STEPS) - 1 else "Next"),
                gr.skip() if step.view is None else gr.Tabs(selected=step.view),
            )

        focus = "() => document.querySelector('#tour-next')?.focus({preventScroll: true})"
        self.start.click(lambda: show(0), None, outputs, **QUIET).then(None, js=focus, **QUIET)
        self.next.click(lambda at: show(at + 1), self.at, outputs, **QUIET)
        self.back.click(lambda at: show(max(at - 1, 0)), self.at, outputs, **QUIET)
        self.close.click(lambda: show(len(STEPS)), None, outputs, **QUIET)
