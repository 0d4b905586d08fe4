"""What the panels share: what a visitor has chosen, and what there is to show about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from annotation.rounds.records import RUNNING, Round, RoundError
from annotation.rounds.service import Rounds
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.session import default_project
from spotter.tabs.shared.visitor import login_name

Values = dict[Block, Any]  # what a handler gets: the values of its inputs
Updates = dict[Block, Any]  # what it returns: new values or gr.update(...) of some of its outputs

APP_WEIGHTS = 0  # stands for the weights that the app was started with, where the id of a round does


@dataclass(frozen=True)
class Choice:
    """Of one visitor."""

    project_id: int
    round_id: int | None = None  # APP_WEIGHTS for those of the app; None: see Situation.chosen
    kind: str = ""  # of the changes that are listed; "": the first kind that there is
    seen: tuple[int, str] | None = None  # the running round and the served version on the page


@dataclass(frozen=True)
class Situation:
    """What is known about the chosen project at the moment."""

    choice: Choice
    project: str
    rounds: list[Round]  # newest first
    running: Round | None  # maybe of another project
    served: str  # model version
    serves_app: bool  # these are the weights that the app was started with
    weights: str  # their name
    problem: str = ""  # why those that should be served are not

    @property
    def served_name(self) -> str:
        return self.weights if self.serves_app else self.served

    @property
    def chosen(self) -> Round | None:
        """By default the newest with a verdict, else the newest that has ended.

        None: there is no such round, or the weights of the app are chosen.
        """
        if self.choice.round_id is not None:
            return next((one for one in self.rounds if one.id == self.choice.round_id), None)
        ended = [one for one in self.rounds if one.state not in RUNNING]
        return next((one for one in ended if one.verdict is not None), ended[0] if ended else None)

    @property
    def key(self) -> str:
        """Of what is chosen, in the chart and the ledger; "" for nothing."""
        if self.chosen is not None:
            return str(self.chosen.id)
        return str(APP_WEIGHTS) if self.choice.round_id == APP_WEIGHTS else ""

    @property
    def unfinished(self) -> Round | None:
        """The newest round, if it was stopped or failed and nothing runs."""
        newest = self.rounds[0] if self.rounds and self.running is None else None
        return newest if newest is not None and newest.state in ("stopped", "failed") else None

    @property
    def seen(self) -> tuple[int, str]:
        """Changes when everything has to be shown again."""
        return (self.running.id if self.running else 0), self.served


@dataclass(frozen=True)
class Page:
    """What the actions of all panels share."""

    rounds: Rounds
    choice: gr.State
    who: gr.Textbox
    show: Callable[[Choice], Updates]
    shown: Sequence[Block]  # all that `show` updates

    @property
    def inputs(self) -> set[Block]:
        return {self.choice, self.who}

    def name(self, values: Values) -> str:
        """Of the visitor: that of the login if there is one."""
        return login_name() or values[self.who] or ""


def acting(page: Page) -> Callable[[Callable[[Choice, Values], Choice | None]], Callable[..., Updates]]:
    """Decorator: `action(choice, values)` as a handler that then shows everything, of a new choice if any.

    Errors become messages. The event's inputs are `page.inputs`, as a set, and what else the action reads.
    """

    def decorate(action: Callable[[Choice, Values], Choice | None]) -> Callable[..., Updates]:
        def handler(values: Values) -> Updates:
            with errors_as_messages():
                choice = ensure(values[page.choice], page.rounds)
                return page.show(action(choice, values) or choice)

        return handler

    return decorate


def ensure(choice: Choice | None, rounds: Rounds) -> Choice:
    """The visitor's choice; another one if the app was restarted or the project was deleted."""
    if choice is not None and choice.project_id in dict(rounds.store.projects()):
        return choice
    return Choice(default_project(rounds.store))


def look(rounds: Rounds, choice: Choice) -> Situation:
    """Raises AnnotationError."""
    listed = rounds.list(choice.project_id)
    if choice.round_id and choice.round_id not in [one.id for one in listed]:  # deleted, or another project's
        choice = replace(choice, round_id=None, kind="")
    try:
        served, path = rounds.served()
        problem = ""
    except RoundError as error:  # one can still roll back
        served, path, problem = "", "", str(error)
    running = rounds.current()
    if running is not None and running.state not in RUNNING:
        running = None
    situation = Situation(
        choice,
        dict(rounds.store.projects())[choice.project_id],
        listed,
        running,
        served,
        serves_app=str(path) == rounds.context.weights,
        weights=Path(rounds.context.weights).stem,
        problem=problem,
    )
    return replace(situation, choice=replace(choice, seen=situation.seen))
