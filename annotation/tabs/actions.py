"""What the handlers of the tab have in common: save what the editor holds, act, show the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from html import escape
from inspect import signature
from typing import Any, Protocol

import gradio as gr
from gradio.blocks import Block

from annotation.editor import RegionEditor
from annotation.store.records import NotFoundError
from annotation.store.roles import ForbiddenError
from annotation.store.store import Store
from annotation.tabs.error_messages import errors_as_messages
from annotation.tabs.session import AnnotationSession, ensure
from spotter.language import tr

Values = dict[Block, Any]  # what a handler gets: the values of its inputs
Updates = dict[Block, Any]  # what it returns: new values or gr.update(...) of some of its outputs

# One after another: otherwise the answer to an edit could reach the page after that to a later step.
IN_TURN: dict[str, Any] = {"concurrency_id": "correct", "concurrency_limit": 1}


class Show(Protocol):
    """Updates everything that depends on the project, the queue and the open photo.

    `values`: with the editor's value, if the event had it as input; `region_id`: of the region to select.
    """

    def __call__(self, session: AnnotationSession, values: Values, region_id: str = "") -> Updates: ...


class ShowStatus(Protocol):
    """Updates what an edit or a change of state can change.

    `only_changes`: without what the page has already.
    """

    def __call__(self, session: AnnotationSession, only_changes: bool = False) -> Updates: ...


@dataclass(frozen=True)
class Page:
    """What the actions of all panels share."""

    store: Store
    session: gr.State
    editor: RegionEditor
    who: gr.Textbox
    show: Show
    show_status: ShowStatus
    shown: Sequence[Block]  # all that `show` updates
    status: Sequence[Block]  # those among them that `show_status` updates

    @property
    def inputs(self) -> set[Block]:
        """What `saved` needs."""
        return {self.session, self.editor, self.who}

    @contextmanager
    def saved(self, values: Values) -> Iterator[AnnotationSession]:
        """The visitor's session, after saving what the editor sent; errors inside become messages."""
        with errors_as_messages():
            session = ensure(values[self.session], self.store, values[self.who])
            try:
                session.save(values[self.editor])
            # The browser keeps the edit, in case the photo is restored or the role given back.
            except (NotFoundError, ForbiddenError) as error:
                gr.Warning(escape(str(error), quote=False), title=tr("Warning"))
            yield session


def saving(page: Page) -> Callable[[Callable[..., Updates | None]], Callable[..., Updates]]:
    """Decorator: `action(session, values)` as a handler that saves first and then shows everything.

    An action that returns updates decides by itself what is shown. Further parameters (gr.Progress) come from
    gradio. The event's inputs are `page.inputs`, as a set, and what else the action reads.
    """

    def decorate(action: Callable[..., Updates | None]) -> Callable[..., Updates]:
        @wraps(action)
        def handler(values: Values, *special: Any) -> Updates:
            with page.saved(values) as session:
                updates = action(session, values, *special)
                return page.show(session, values) if updates is None else updates

        # Gradio reads from it what to pass: all parameters but the session.
        _, *parameters = signature(action).parameters.values()
        handler.__signature__ = signature(action).replace(parameters=parameters)  # type: ignore[attr-defined] # inspect reads it
        return handler

    return decorate
