"""The guided tour: steps through Look inside with the first sample photo.

A step asks for a guess before it shows its view, and answers it on the photo; the answer may run the network.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.blocks import Block

from spotter.language import tr
from spotter.tabs.look_inside.questions import MAX_OPTIONS, Question, feedback
from spotter.tabs.look_inside.tour_steps import steps
from spotter.tabs.look_inside.view import Values
from spotter.tabs.shared.events import HIDDEN, QUEUE

if TYPE_CHECKING:
    from spotter.tabs.look_inside.frame import Shared
    from spotter.tabs.shared.loading import Loader

UNQUEUED: dict[str, Any] = {**HIDDEN, "queue": False}  # turns a page; does not wait for the spotter
FOCUS_NEXT = "() => document.querySelector('#tour-next')?.focus({preventScroll: true})"


# Waits until a view has drawn what the step speaks of, and scrolls to it, below the head that stays in sight.
POINT = """(index, isShown) => {
  for (const old of document.querySelectorAll(".tour-target")) old.classList.remove("tour-target");
  if (!isShown) return;
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

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.start = gr.Button(tr("Guided tour"), size="sm", elem_id="inside-tour-start")

    def panel(self) -> None:
        """Lays the strip out where it is called."""
        self.index = gr.Number(0, precision=0, visible=False)  # the page, too, has to know these two
        self.is_shown = gr.Checkbox(False, visible=False)  # whether the view of the step is
        self.computed = gr.State((-1, ""))  # index of a step, and the answer to its question
        with gr.Column(visible=False, elem_id="inside-tour") as self.group:
            self.text = gr.Markdown(padding=True)
            self.answer = gr.Markdown(visible=False, padding=True, elem_id="tour-answer")
            with gr.Row(elem_id="tour-options"):
                self.options = [gr.Button(visible=False, size="sm", min_width=60) for _ in range(MAX_OPTIONS)]
            with gr.Row():
                self.back = gr.Button(tr("Back"), size="sm", min_width=80)
                self.next = gr.Button(
                    tr("Next"), size="sm", variant="primary", min_width=80, elem_id="tour-next"
                )
                self.close = gr.Button(tr("Close the tour"), size="sm", min_width=130)

    def wire(self, views: gr.Tabs, shared: Shared) -> None:
        """Steps open the sub-tabs of `views`, whose ids are the views' names."""
        strip = [self.index, self.is_shown, self.group, self.text, self.answer, *self.options]
        outputs = [*strip, self.back, self.next, views]
        targets = json.dumps([step.target for step in steps()])
        point = POINT.replace("TARGETS", targets).replace("WAIT", str(WAIT_MILLISECONDS))
        inputs: set[Block] = {self.index, self.is_shown, *shared.inputs}

        def question(values: Values, index: int) -> Question | None:
            """What a step asks; nothing without a word that it could be about."""
            step, trace = steps()[index], values[shared.trace]
            if step.ask is None or trace is None or not trace.words:
                return None
            return step.ask(shared.view_input(values, self.loader))

        def show(values: Values, index: int, is_shown: bool) -> dict[Any, Any]:
            shown = steps()
            if index >= len(shown):
                return {self.index: 0, self.group: gr.update(visible=False)}
            step, asked = shown[index], None if is_shown else question(values, index)
            opened = {} if step.view is None or asked else {views: gr.Tabs(selected=step.view)}
            buttons = {
                button: gr.update(value=asked.options[i], visible=True)
                if asked and i < len(asked.options)
                else gr.update(visible=False)
                for i, button in enumerate(self.options)
            }
            is_last = index == len(shown) - 1
            return {
                **opened,
                **buttons,
                self.index: index,
                self.is_shown: asked is None,
                self.group: gr.update(visible=True),
                self.text: tr(
                    "**Step {number} of {count}: {title}** {text}",
                    number=index + 1,
                    count=len(shown),
                    title=step.title,
                    text=asked.text if asked else step.text,
                ),
                self.answer: gr.update(value="", visible=False),
                self.back: gr.update(interactive=index > 0),
                self.next: gr.update(
                    value=tr("Show me") if asked else tr("Finish") if is_last else tr("Next")
                ),
            }

        def step_on(values: Values) -> dict[Any, Any]:
            """Shows the view of the step; the next one if it is shown."""
            index, is_shown = int(values[self.index]), bool(values[self.is_shown])
            return show(values, index + is_shown, is_shown=not is_shown)

        def step_back(values: Values) -> dict[Any, Any]:
            return show(values, max(int(values[self.index]) - 1, 0), is_shown=True)

        def answer(option: int | None) -> Callable[[Values], tuple[int, str]]:
            def compute(values: Values) -> tuple[int, str]:
                index = int(values[self.index])
                asked = question(values, index) if values[self.is_shown] else None
                return index, "" if asked is None else feedback(asked, option)

            return compute

        def tell(index: int, is_shown: bool, computed: tuple[int, str]) -> dict[str, Any]:
            """Nothing if the visitor has gone on meanwhile."""
            belongs = is_shown and computed[0] == index and computed[1]
            return gr.update(value=computed[1], visible=True) if belongs else gr.skip()

        started = self.start.click(lambda values: show(values, 0, True), inputs, outputs, **UNQUEUED)
        started.then(None, js=FOCUS_NEXT, **UNQUEUED)
        stepped = self.next.click(step_on, inputs, outputs, **UNQUEUED)
        answered = [stepped.success(answer(None), inputs, self.computed, **HIDDEN, **QUEUE)]
        moved = [started, stepped, self.back.click(step_back, inputs, outputs, **UNQUEUED)]
        for option, button in enumerate(self.options):
            chosen = button.click(step_on, inputs, outputs, **UNQUEUED)
            chosen.then(None, js=FOCUS_NEXT, **UNQUEUED)
            answered.append(chosen.success(answer(option), inputs, self.computed, **HIDDEN, **QUEUE))
            moved.append(chosen)
        for event in answered:  # an answer makes the strip higher, so that it is pointed again
            known = [self.index, self.is_shown, self.computed]
            moved.append(event.success(tell, known, self.answer, **UNQUEUED))
        for event in moved:
            event.then(None, [self.index, self.is_shown], None, js=point, **UNQUEUED)
        closed = self.close.click(lambda: gr.update(visible=False), None, self.group, **UNQUEUED)
        closed.then(None, js=CLEAR, **UNQUEUED)
