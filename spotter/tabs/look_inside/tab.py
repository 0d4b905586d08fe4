"""The Look inside tab: one trace of a photo, many views drawn from it, one selected word shared by all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import gradio as gr

from spotter.tabs.look_inside.photo import PhotoPicker
from spotter.tabs.look_inside.view import Scene, View, starting_values, unseen
from spotter.tabs.look_inside.views import registered
from spotter.tabs.read.tab import QUEUE
from spotter.tabs.shared.loading import Loader
from spotter.tracing.trace_cache import name_of

IDLE_SECONDS = 1800.0  # a trace nobody has used for so long is dropped
ARXIV = "https://arxiv.org/abs/2203.10209"
CSS = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
HIDDEN = {"api_visibility": "private", "show_progress": "hidden"}
# On a phone the row of the views' names scrolls; what the tour or a button opens may lie outside.
SHOW_NAME = """() => requestAnimationFrame(() => {
  const name = document.querySelector("#views > .tab-wrapper [aria-selected=true]");
  const row = name?.parentElement;
  if (row) row.scrollLeft = name.offsetLeft - row.offsetLeft - (row.clientWidth - name.offsetWidth) / 2;
})"""
NO_WORDS = (
    "**No words on this photo.** This view follows one word through the network; pick a photo with words."
)
NO_TRACE = (
    "**No photo is being looked at.** Pick one above (a trace is dropped half an hour after its last use)."
)


def build_look_inside(loader: Loader, tab: gr.Tab) -> None:
    """Puts the tab's components into `tab`, which is being built."""
    trace = gr.State(None, time_to_live=IDLE_SECONDS, delete_callback=lambda _: None)
    opened = gr.State(0)  # index of the open view
    picked = gr.State(None)  # (trace's name, word, proposal): picked in one view to be followed in another
    gr.HTML(
        html_template=f"<style>{CSS}</style>", padding=False
    )  # a css_template would hold for this component only
    picker = PhotoPicker(loader)
    picker.tour.panel()
    frames = []
    with gr.Tabs(elem_id="views") as views:
        for module in registered():
            with gr.Tab(module.TITLE, elem_id=f"view-{module.NUMBER}", id=module.NUMBER) as sub_tab:
                frames.append(Frame(module, loader, sub_tab))

    # One event for whatever changes the photo, the word or the truth: it redraws the open view alone.
    inputs = [opened, trace, picker.word, picker.truth.box, picked]
    outputs = [trace]
    for frame in frames:
        inputs += [frame.seen, *frame.view.inputs]
        outputs += [frame.seen, frame.empty, frame.body, *frame.view.inputs, *frame.view.outputs]

    # Gradio fills `progress` in by its place, which behind `*rest` would not be known.
    def redraw(index: int, current, word, truth: str, follow, progress=gr.Progress(), *rest) -> dict:  # noqa: B008
        start = sum(1 + len(frame.view.inputs) for frame in frames[:index])
        frame = frames[index]
        end = start + 1 + len(frame.view.inputs)
        shown = frame.show(current, word, truth, *rest[start:end], picked=follow, progress=progress)
        return {trace: current} | shown

    waiting = [frame.view.outputs[0] for frame in frames if frame.view.slow]
    shown = {"api_visibility": "private"} | progress_on(waiting)
    redraws = dict(fn=redraw, inputs=inputs, outputs=outputs, **shown, **QUEUE)
    for event in picker.wire(tab, trace):
        event.success(**redraws)
    picker.word.input(**redraws)
    box = picker.truth.box  # not every change of its text counts as input (gradio 6.31), leaving it does
    gr.on([box.input, box.blur], trigger_mode="always_last", **redraws)
    for index, frame in enumerate(frames):
        frame.wire(index, trace, opened, picker.word, picker.truth.box, picked, views)
    picker.tour.wire(views)
    views.change(None, js=SHOW_NAME, **HIDDEN)


def progress_on(components: list) -> dict:
    """Arguments of an event: where its progress is seen."""
    if not components:
        return {"show_progress": "hidden"}
    return {"show_progress": "full", "show_progress_on": components}


class Frame:
    """A sub-tab: what to notice, the view, its empty state and its reset."""

    def __init__(self, module: ModuleType, loader: Loader, tab: gr.Tab) -> None:
        self.loader, self.tab = loader, tab
        # Photo and word the inputs were prepared for. It travels with their values: a state, which the server
        # looks up, would already be ahead of values that the page sent before it was told the new ones.
        self.seen = gr.Textbox("", visible=False)
        gr.Markdown(
            f"**What to notice.** {module.NOTICE} "
            f'<a class="paper" href="{ARXIV}" target="_blank" rel="noopener">'
            f"Paper, {module.PAPER} (arXiv 2203.10209)</a>",
            elem_classes="notice",
        )
        self.empty = gr.Markdown("One moment ...", elem_classes="nothing")
        with gr.Column(visible=False) as self.body:
            self.view: View = module.build()
            self.reset = gr.Button(
                "Reset this view", size="sm", variant="secondary", elem_classes="reset", min_width=120
            )

    def show(
        self,
        trace,
        word: int | None,
        truth: str,
        seen: str,
        *values,
        picked: tuple | None = None,
        fresh: bool = False,
        progress: Callable = unseen,
    ) -> dict:
        """The updates of everything in the sub-tab, by component."""
        view = self.view
        if trace is None or (view.needs_word and not trace.words):
            message = NO_TRACE if trace is None else NO_WORDS
            return {
                self.empty: gr.update(value=message, visible=True),
                self.body: gr.update(visible=False),
                self.seen: "",
            }
        scene = self.scene(trace, word, truth, progress, None if fresh else picked)
        key = f"{name_of(trace)} {scene.word} {scene.proposal}"
        changes = {}
        if fresh or seen != key:
            updates, values = starting_values(view, scene, values, fresh)
            changes = dict(zip(view.inputs, updates, strict=True))
        drawn = view.draw(scene, *values)
        return {
            self.empty: gr.update(visible=False),
            self.body: gr.update(visible=True),
            self.seen: key,
            **changes,
            **dict(zip(view.outputs, drawn, strict=True)),
        }

    def scene(
        self,
        trace,
        word: int | None,
        truth: str = "",
        progress: Callable = unseen,
        picked: tuple | None = None,
    ) -> Scene:
        word = min(int(word or 0), len(trace.words) - 1) if trace.words else None
        proposal = picked[2] if picked and picked[:2] == (name_of(trace), word) else None
        return Scene(trace, word, self.loader.spotter, truth or "", progress, proposal)

    def wire(
        self,
        index: int,
        trace: gr.State,
        opened: gr.State,
        word: gr.Dropdown,
        truth: gr.Textbox,
        picked: gr.State,
        views: gr.Tabs,
    ) -> None:
        """Events of this sub-tab; `index` is its place among the views."""
        view = self.view
        inputs = [trace, word, truth, picked, self.seen, *view.inputs]
        outputs = [trace, self.seen, self.empty, self.body, *view.inputs, *view.outputs]
        queue = QUEUE if view.runs_model else {"concurrency_limit": 4}
        waiting = [self.empty, view.outputs[0]] if view.slow else []
        shown = {"api_visibility": "private"} | progress_on(waiting)

        def select(current, chosen, truth, follow, progress=gr.Progress(), *rest) -> dict:  # noqa: B008
            shown = self.show(current, chosen, truth, *rest, picked=follow, progress=progress)
            return {opened: index, trace: current} | shown

        def again(current, chosen, truth, follow, progress=gr.Progress(), *rest) -> dict:  # noqa: B008
            return {trace: current} | self.show(current, chosen, truth, *rest, fresh=True, progress=progress)

        def draw(current, chosen, truth, progress=gr.Progress(), *values):  # noqa: B008
            if current is None:
                gr.Info(NO_TRACE.replace("**", ""), title="Nothing to draw")
                return gr.skip()
            return tuple(view.draw(self.scene(current, chosen, truth, progress), *values))

        drawing = dict(
            fn=draw, inputs=[trace, word, truth, *view.inputs], outputs=list(view.outputs), **shown, **queue
        )
        for figure, target, pick in view.clicks:

            def click(current, chosen, truth, place, *values, pick=pick):
                if current is None or place is None:
                    return gr.skip()
                return pick(self.scene(current, chosen, truth), place, *values)

            clicked = [trace, word, truth, figure, *view.inputs]
            figure.input(click, clicked, target, **HIDDEN).success(**drawing)
        self.tab.select(select, inputs, [opened, *outputs], **shown, **queue)
        self.reset.click(again, inputs, outputs, **shown, **queue)
        triggers = view.triggers or [component.input for component in view.inputs]
        if triggers:
            gr.on(list(triggers), trigger_mode="always_last", **drawing)
        for setter in view.setters:
            setter.success(**drawing)
        if view.follow is not None:
            button, number, component = view.follow

            def hand_over(current, chosen, proposal) -> tuple:
                if current is None:
                    return gr.skip(), gr.skip()
                scene = self.scene(current, chosen)
                return (name_of(current), scene.word, int(proposal)), gr.Tabs(selected=number)

            button.click(hand_over, [trace, word, component], [picked, views], **HIDDEN)
