"""The guided tour: steps through Look inside with the first sample photo."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

UNQUEUED: dict[str, Any] = {**HIDDEN, "queue": False}  # turns a page; does not wait for the spotter
FOCUS_NEXT = "() => document.querySelector('#tour-next')?.focus({preventScroll: true})"


@dataclass(frozen=True)
class TourStep:
    view: str | None  # name of the view that opens; None: the open one stays
    target: str  # selector of what the step speaks of: it is scrolled to and framed
    title: str
    text: str  # what to look at


def steps() -> tuple[TourStep, ...]:
    return (
        TourStep(
            None,
            "#inside-map",
            tr("The map"),
            tr(
                "This is the whole network with this photo in it: green finds words, orange reads them. A "
                "click on a part opens its view below. All views follow the one word that the bar above "
                "names."
            ),
        ),
        TourStep(
            "why",
            "#two-stage-inputs",
            tr("Why one network?"),
            tr(
                "The usual way crops a box and hands its pixels to a second network: whatever else lies in "
                "the box comes along, and a badly placed box cannot be corrected any more. Compare the two "
                "crops."
            ),
        ),
        TourStep(
            "windows",
            "#windows-picture",
            tr("Swin: attention within windows"),
            tr(
                "The network first splits the photo into tokens. The orange one attends only to the tokens "
                "in its own window. Choose the shifted block and see the window move: tokens that were "
                "separated now meet."
            ),
        ),
        TourStep(
            "pyramid",
            "#levels-maps",
            tr("Four levels of detail"),
            tr(
                "The same photo as four maps, each at half the resolution of the one before. On which can "
                "you still tell letters apart? The table below lists the actual shape of every layer for "
                "this photo."
            ),
        ),
        TourStep(
            "start",
            "#proposals-picture",
            tr("Where detection starts"),
            tr(
                "These boxes are learned; the photo has not been looked at yet. Click on one: the text next "
                "to the photo says whether it ends up as a word here."
            ),
        ),
        TourStep(
            "roi",
            "#roi-cells",
            tr("Pooling a box"),
            tr(
                "Shift the box by quarter pixels with the arrow keys. The blue curve changes smoothly, the "
                "red one stays flat and then jumps: this is why features are pooled with RoIAlign."
            ),
        ),
        TourStep(
            "stage",
            "#stage-picture",
            tr("Inside one stage"),
            tr(
                "The feature of a proposal writes two filters, and only these look at its box. Drag the "
                "stage from 1 to 6 and watch the last picture: the box tightens and the mask takes shape."
            ),
        ),
        TourStep(
            "stages",
            "#stages-picture",
            tr("Six corrections"),
            tr(
                "Press Play. In six stages the orange box moves to its word and its score rises; the curve "
                "shows which stage does most of the work."
            ),
        ),
        TourStep(
            "mask",
            "#masks-picture",
            tr("A shape in 60 numbers"),
            tr(
                "Drag the slider to 1, then slowly up. The first numbers tilt and bend the outline, the "
                "later ones only refine it."
            ),
        ),
        TourStep(
            "conversion",
            "#conversion-gates",
            tr("Recognition Conversion"),
            tr(
                "The gates M1 to M3 carry the detector's idea of the word into recognition. Do they dim what "
                "is not the word? Look at the channels, then switch a gate off: the word is read again at "
                "once."
            ),
        ),
        TourStep(
            "letters",
            "#reading-attention",
            tr("One character per step"),
            tr(
                "Pick the second character: its attention lies where that character is. Then force another "
                "one and see whether the later ones change."
            ),
        ),
        TourStep(
            "hmean",
            "#hmean-picture",
            tr("How good was it?"),
            tr(
                "Green words count as correct, dashed red ones were missed. Lower the score threshold and "
                "watch precision fall while recall rises. This sample was rendered, so its true words are "
                "known; for your own photo you can write them where you pick the photo."
            ),
        ),
    )


# Waits until a view has drawn what the step speaks of, and scrolls to it, below the head that stays in sight.
POINT = """(index) => {
  for (const old of document.querySelectorAll(".tour-target")) old.classList.remove("tour-target");
  const started = performance.now(), tour = document.querySelector("#inside-tour");
  const point = () => {
    const target = document.querySelector(TARGETS[index]), picture = target?.querySelector("img, svg");
    if (!tour?.isConnected) return;
    if (!picture?.getBoundingClientRect().height) {
      if (performance.now() - started < WAIT) setTimeout(point, 100);
      return;
    }
    target.classList.add("tour-target");
    const head = document.querySelector("#inside-head");
    const room = head.contains(target) ? 0 : head.getBoundingClientRect().height + 8;
    target.style.scrollMarginTop = `${room}px`;
    (room ? target : document.querySelector("#inside-bar")).scrollIntoView({ block: "start" });
  };
  point();
}"""
WAIT_MILLISECONDS = 60_000  # for the picture of a view that runs the model
CLEAR = """() => {
  for (const old of document.querySelectorAll(".tour-target")) old.classList.remove("tour-target");
}"""


class Tour:
    """A strip under the map, and a button in the bar that opens it."""

    def __init__(self) -> None:
        self.start = gr.Button(tr("Guided tour"), size="sm", elem_id="inside-tour-start")

    def panel(self) -> None:
        """Lays the strip out where it is called."""
        self.index = gr.Number(0, precision=0, visible=False)  # the page, too, has to know it
        with gr.Column(visible=False, elem_id="inside-tour") as self.group:
            self.text = gr.Markdown(padding=True)
            with gr.Row():
                self.back = gr.Button(tr("Back"), size="sm", min_width=80)
                self.next = gr.Button(
                    tr("Next"), size="sm", variant="primary", min_width=80, elem_id="tour-next"
                )
                self.close = gr.Button(tr("Close the tour"), size="sm", min_width=130)

    def wire(self, views: gr.Tabs) -> None:
        """Steps open the sub-tabs of `views`, whose ids are the views' names."""
        outputs = [self.index, self.group, self.text, self.back, self.next, views]
        targets = json.dumps([step.target for step in steps()])
        point = POINT.replace("TARGETS", targets).replace("WAIT", str(WAIT_MILLISECONDS))

        def show(index: int | None) -> dict[Any, Any]:
            shown = steps()
            if index is None or index >= len(shown):
                return {self.index: 0, self.group: gr.update(visible=False)}
            step, is_last = shown[index], index == len(shown) - 1
            opened = {} if step.view is None else {views: gr.Tabs(selected=step.view)}
            return opened | {
                self.index: index,
                self.group: gr.update(visible=True),
                self.text: tr(
                    "**Step {number} of {count}: {title}** {text}",
                    number=index + 1,
                    count=len(shown),
                    title=step.title,
                    text=step.text,
                ),
                self.back: gr.update(interactive=index > 0),
                self.next: gr.update(value=tr("Finish") if is_last else tr("Next")),
            }

        started = self.start.click(lambda: show(0), None, outputs, **UNQUEUED)
        started.then(None, js=FOCUS_NEXT, **UNQUEUED)
        moved = [
            started,
            self.next.click(lambda index: show(index + 1), self.index, outputs, **UNQUEUED),
            self.back.click(lambda index: show(max(index - 1, 0)), self.index, outputs, **UNQUEUED),
        ]
        for event in moved:
            event.then(None, self.index, None, js=point, **UNQUEUED)
        self.close.click(lambda: show(None), None, outputs, **UNQUEUED).then(None, js=CLEAR, **UNQUEUED)
