"""The sub-tab around a view: its notice, its message when there is nothing to draw, its reset and wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block

from spotter.language import tr
from spotter.tabs.look_inside.comparison import Comparison
from spotter.tabs.look_inside.settings import script, settings_of
from spotter.tabs.look_inside.view import Click, Follow, Second, Values, View, ViewInput, no_progress
from spotter.tabs.shared.events import HIDDEN, PRIVATE, QUEUE
from spotter.tabs.shared.loading import Loader
from spotter.tracing.trace_cache import trace_id

DRAW_LIMIT = 4  # simultaneous drawings of a view that does not run the model


def no_words() -> str:
    return tr(
        "**No words on this photo.** This view follows one word through the network; pick a photo with words."
    )


def no_trace() -> str:
    return tr("**No photo is loaded.** Pick one above (a trace is dropped half an hour after its last use).")


@dataclass(frozen=True)
class Shared:
    """Components that all views share."""

    trace: gr.State
    word: gr.Dropdown
    truth: gr.Textbox
    picked: gr.State  # (id of the trace, word, proposal): picked in one view, followed in another
    open_view: gr.State  # index of the open view
    comparison: Comparison

    @property
    def inputs(self) -> set[Block]:
        compared = {self.comparison.source, self.comparison.choice}
        return {self.trace, self.word, self.truth, self.picked, *compared}

    def view_input(
        self, values: Values, loader: Loader, progress: Callable[..., Any] = no_progress
    ) -> ViewInput:
        """What a view draws; there is a trace."""
        trace, word, picked = values[self.trace], values[self.word], values[self.picked]
        word = min(int(word or 0), len(trace.words) - 1) if trace.words else None
        proposal = picked[2] if picked and picked[:2] == (trace_id(trace), word) else None
        chosen, source = values.get(self.comparison.choice), values.get(self.comparison.source)

        def second() -> Second | None:
            return self.comparison.second(trace, source, chosen, progress) if chosen else None

        truth = values[self.truth] or ""
        return ViewInput(trace, word, loader.spotter, truth, progress, proposal, second)


def progress_on(components: list[Block]) -> dict[str, Any]:
    """Arguments of an event that shows its progress on these components, if there are any."""
    if not components:
        return {"show_progress": "hidden"}
    return {"show_progress": "full", "show_progress_on": components}


class Frame:
    """Built inside its sub-tab `tab`. Handlers get and return values by component."""

    def __init__(self, view: View, loader: Loader, shared: Shared, tab: gr.Tab) -> None:
        self.view, self.loader, self.shared, self.tab = view, loader, shared, tab
        # Photo and word that the inputs were prepared for. A textbox, since it travels with their values: a
        # state, looked up on the server, would already be ahead of values the page sent before its update.
        self.prepared_for = gr.Textbox("", visible=False)
        # The same, as the server knows it: values that the page sent before it was first drawn are outdated.
        self.drawn_for = gr.State("")
        self.message = gr.Markdown(tr("One moment ..."), elem_classes="nothing")
        with gr.Column(visible=False) as self.body:
            view.layout()
            self.reset = gr.Button(
                tr("Reset this view"), size="sm", variant="secondary", elem_classes="reset", min_width=120
            )

    @property
    def inputs(self) -> set[Block]:
        """What `show` reads, besides the shared components."""
        return {self.prepared_for, self.drawn_for, *self.view.inputs}

    @property
    def outputs(self) -> list[Any]:
        """What `show` may update."""
        own = [self.prepared_for, self.drawn_for, self.message, self.body]
        return [*own, *self.view.inputs, *self.view.outputs]

    def show(
        self,
        values: Values,
        progress: Callable[..., Any] = no_progress,
        reset: bool = False,
        query: Mapping[str, str] | None = None,
    ) -> dict[Any, Any]:
        """Updates of everything in the sub-tab. `reset` discards what the user has set; `query`: of the
        address, whose settings a view starts with.
        """
        view, shared = self.view, self.shared
        trace = values[shared.trace]
        if trace is None or (view.needs_word and not trace.words):
            return {
                self.message: gr.update(value=no_trace() if trace is None else no_words(), visible=True),
                self.body: gr.update(visible=False),
                self.prepared_for: "",
                self.drawn_for: "",
            }
        if reset:
            values = values | {shared.picked: None}
        view_input = self.view_input(values, progress)
        prepared_for = f"{trace_id(trace)} {view_input.word} {view_input.proposal}"
        if not reset and not values[self.prepared_for] and values[self.drawn_for] == prepared_for:
            return {self.drawn_for: prepared_for}  # what the visitor has set meanwhile stays
        updates: Values = {}
        if reset or values[self.prepared_for] != prepared_for:
            is_first = query is not None and not reset and not values[self.prepared_for]
            settings = settings_of(query or {}, view.name) if is_first else None
            updates, values = view.starting_values(view_input, values, reset, settings)
        return {
            self.message: gr.update(visible=False),
            self.body: gr.update(visible=True),
            self.prepared_for: prepared_for,
            self.drawn_for: prepared_for,
            **updates,
            **view.draw(view_input, values),
        }

    def view_input(self, values: Values, progress: Callable[..., Any] = no_progress) -> ViewInput:
        return self.shared.view_input(values, self.loader, progress)

    def wire(self, index: int, views: gr.Tabs) -> None:
        """Events of this sub-tab, the one at `index` of `views`."""
        view, shared = self.view, self.shared
        queue = QUEUE if view.runs_model else {"concurrency_limit": DRAW_LIMIT}
        shown = {**PRIVATE, **queue, **progress_on([self.message, view.outputs[0]] if view.slow else [])}

        # gradio evaluates the annotations to find the request
        def select(values: Any, request: gr.Request, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
            return self.show(values, progress, query=request.query_params)

        def reset(values: Values, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
            return self.show(values, progress, reset=True)

        def draw(values: Values, progress: gr.Progress = gr.Progress()) -> dict:  # noqa: B008
            if values[shared.trace] is None:
                gr.Info(no_trace().replace("**", ""), title=tr("Nothing to draw"))
                return gr.skip()
            return view.draw(self.view_input(values, progress), values)

        inputs = shared.inputs | self.inputs
        # At once and on its own: otherwise the answer of a slow view that is left before it is drawn would
        # make it the open one.
        self.tab.select(lambda: index, None, shared.open_view, queue=False, **HIDDEN)
        self.tab.select(select, inputs, self.outputs, **shown)
        self.reset.click(reset, inputs, self.outputs, **shown)
        redraw: dict[str, Any] = {"fn": draw, "inputs": inputs, "outputs": list(view.outputs), **shown}
        triggers = view.triggers
        if triggers is None:
            # gradio adds the methods of events at run time
            triggers = [component.input for component in view.inputs]  # type: ignore[attr-defined]
        if triggers:
            self.write(gr.on(list(triggers), trigger_mode="always_last", **redraw))
        for setter in view.setters:
            self.write(setter.success(trigger_mode="always_last", **redraw))
        for click in view.clicks:
            self.write(self.wire_click(click).success(**redraw))
        if view.follow is not None:
            self.wire_follow(view.follow, views)

    def write(self, drawn: gr.events.Dependency) -> None:
        """After an event, the address has the settings."""
        inputs = self.view.named_inputs()
        drawn.success(None, list(inputs.values()), None, js=script(self.view.name, inputs), **HIDDEN)

    def wire_click(self, click: Click) -> gr.events.Dependency:
        def set_target(values: Values) -> Any:
            point = values[click.figure]
            if values[self.shared.trace] is None or point is None:
                return gr.skip()
            return click.value_at(self.view_input(values), values, point)

        inputs = self.shared.inputs | {click.figure, *self.view.inputs}
        return click.figure.input(set_target, inputs, click.target, **HIDDEN)

    def wire_follow(self, follow: Follow, views: gr.Tabs) -> None:
        shared = self.shared

        def hand_over(values: Values) -> dict:
            if values[shared.trace] is None:
                return gr.skip()
            trace, word = values[shared.trace], self.view_input(values).word
            picked = (trace_id(trace), word, int(values[follow.proposal]))
            return {shared.picked: picked, views: gr.Tabs(selected=follow.view)}

        follow.button.click(hand_over, shared.inputs | {follow.proposal}, [shared.picked, views], **HIDDEN)
