"""The base class of the views of Look inside, and what a view gets to draw."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from spotter.explain.topics.two_weights import Pair
from spotter.language import tr
from spotter.tabs.look_inside.figure import Figure
from spotter.tabs.look_inside.settings import accepted

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

ARXIV = "https://arxiv.org/abs/2203.10209"
Values = dict[Component, Any]  # values, or updates, by component


def no_progress(*_: Any, **__: Any) -> None:
    """No-op progress callback."""


@dataclass(frozen=True)
class Second:
    """What second weights make of the photo."""

    trace: Trace
    name: str  # of the weights
    first_name: str  # of those of the first trace


def no_second() -> None:
    """Nothing is compared."""


@dataclass(frozen=True)
class ViewInput:
    """What a view draws: the trace of the current photo, the selected word, and the photo's true words."""

    trace: Trace
    word: int | None  # index into trace.words; None on a photo without words
    spotter: Callable[[], Spotter]  # waits until it is loaded
    truth: str = ""  # the true words as lines, see spotter/explain/polygon_text.py
    progress: Callable[..., Any] = no_progress  # progress(0..1, desc="what is being done")
    proposal: int | None = None  # picked in another view to be followed in this one
    second: Callable[[], Second | None] = no_second  # may run the network, for views that compare

    @property
    def selected(self) -> int:
        """`word` for views with `needs_word`, which are never drawn without one."""
        if self.word is None:
            raise ValueError("No word is selected.")
        return self.word

    def pair(self) -> Pair | None:
        """Both traces, if second weights are compared."""
        second = self.second()
        if second is None:
            return None
        return Pair.of(self.trace, second.trace, (second.first_name, second.name), self.word)


class Text:
    """A text of a class, looked up whenever it is read: `title = Text(lambda: tr("Read"))`."""

    def __init__(self, look_up: Callable[[], str]) -> None:
        self.look_up = look_up

    def __get__(self, instance: object, owner: type) -> str:
        return self.look_up()


@dataclass(frozen=True)
class Click:
    """A click on `figure` sets the input `target` to `value_at(view_input, values of the inputs, [x, y])`,
    x and y in pixels of the picture.
    """

    figure: Figure
    target: Component
    value_at: Callable[[ViewInput, Values, list[float]], Any]


@dataclass(frozen=True)
class Follow:
    """A button that opens another view, whose ViewInput gets the value of `proposal`."""

    button: gr.Button
    view: str  # its name
    proposal: Component


class View(ABC):
    """A sub-tab of Look inside; each subclass is listed in `views/__init__.py`.

    `layout` is called once, inside the sub-tab; it creates the components, the picture first, calls
    `introduce` where the text begins, and assigns the attributes below the class variables. The frame adds
    the wiring, the message when there is nothing to draw, and the reset.
    """

    name: ClassVar[str]  # in the address and in ids of the page: a simple word
    title: ClassVar[Text]  # of the sub-tab, and on the map
    question: ClassVar[Text]  # that the view answers
    paper: ClassVar[Text]  # section of the paper
    notice: ClassVar[Text]  # what to notice
    needs_word: ClassVar[bool] = True
    runs_model: ClassVar[bool] = False  # waits in the spotter's queue
    compares: ClassVar[bool] = False  # shows `view_input.second`
    slow: ClassVar[bool] = False  # may take over a second: the first output shows `view_input.progress`

    inputs: Sequence[Component]  # set by the user
    outputs: Sequence[Component]  # filled by `draw`
    clicks: Sequence[Click] = ()
    triggers: Sequence[Callable[..., Any]] | None = None  # events that redraw; None: `input` of all inputs
    # Events that set inputs and redraw afterwards. A component's `change` would be too early: when several
    # inputs are set at once, the others still have their old values.
    setters: Sequence[Dependency] = ()
    follow: Follow | None = None

    @abstractmethod
    def layout(self) -> None:
        """Creates the components."""

    def introduce(self) -> None:
        """The question, what to notice, and the section of the paper, next to the picture."""
        source = tr("Paper, {section} (arXiv 2203.10209)", section=self.paper)
        gr.Markdown(
            f"### {self.question}\n\n{self.notice} "
            f'<a class="paper" href="{ARXIV}" target="_blank" rel="noopener">{source}</a>',
            elem_classes="notice",
        )

    def prepare(self, view_input: ViewInput) -> dict[Component, dict[str, Any]]:
        """Update arguments of the inputs that depend on the photo or the word, called when either changes
        and on reset. An input left out keeps its value, and gets its first one on reset.
        """
        return {}

    @abstractmethod
    def draw(self, view_input: ViewInput, values: Values) -> Values:
        """Values of the inputs -> values of all outputs."""

    def named_inputs(self) -> dict[str, Component]:
        """The inputs that are attributes, by the attributes' names."""
        inputs = {id(component) for component in self.inputs}
        return {name: part for name, part in vars(self).items() if id(part) in inputs}

    def starting_values(
        self, view_input: ViewInput, values: Values, reset: bool, settings: Mapping[str, Any] | None = None
    ) -> tuple[Values, Values]:
        """Updates of the inputs, and the values they have then. `reset` discards what the user has set;
        `settings`: of the address, by the names of `named_inputs`.
        """
        arguments = {component: {"value": first_value(component)} for component in self.inputs if reset}
        arguments |= self.prepare(view_input)
        for name, component in self.named_inputs().items() if settings else ():
            own = arguments.get(component, {})
            value = accepted(component, (settings or {}).get(name), own)
            if value is not None:
                arguments[component] = {**own, "value": value}
        values = values | {c: update["value"] for c, update in arguments.items() if "value" in update}
        return {c: gr.update(**update) for c, update in arguments.items()}, values


def first_value(component: Component) -> Any:
    """The value a component was created with."""
    return component.value
