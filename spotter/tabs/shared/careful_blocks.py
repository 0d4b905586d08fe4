"""Gradio's Blocks, careful with what comes from strangers.

Values that no page would send are refused with a sentence, and without a traceback in the log: it would be
theirs to fill. Files that are made for a page are named for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.utils import get_type_hints

from spotter.language import tr
from spotter.tabs.shared.private_paths import files_of
from spotter.tabs.shared.sent_values import check_selected, checked


def unusable() -> str:
    """Why something that was sent is refused, if there is no sentence of its own."""
    return tr("This could not be done with the values that were sent; reload the page and try again.")


class CarefulBlocks(gr.Blocks):
    """See the module."""

    async def process_api(self, block_fn: BlockFunction | int, *args: Any, **kwargs: Any) -> dict[str, Any]:
        session = getattr(kwargs.get("request"), "session_hash", None) or ""
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        with refusing():
            if takes_selection(function.fn):
                event = kwargs.get("event_data")
                check_selected(event and event.target, event and event._data)
        with files_of(session):
            try:
                return await super().process_api(function, *args, **kwargs)
            except gr.Error:
                raise
            except Exception as error:  # a fault of ours, which Gradio logs
                raise gr.Error(unusable()) from error

    async def preprocess_data(
        self, block_fn: BlockFunction, inputs: list[Any], *args: Any, **kwargs: Any
    ) -> list[Any]:
        with refusing():
            values = await super().preprocess_data(block_fn, inputs, *args, **kwargs)
            return [checked(block, value) for block, value in zip(block_fn.inputs, values, strict=True)]


@cache
def takes_selection(handler: Callable[..., Any] | None) -> bool:
    """Whether the handler of an event gets what was selected. Cached: every event asks."""
    return gr.SelectData in get_type_hints(handler).values()


@contextmanager
def refusing() -> Iterator[None]:
    """Whatever is raised becomes a gr.Error that is not logged."""
    try:
        yield
    except gr.Error as error:
        error.print_exception = False
        raise
    except Exception as error:
        raise gr.Error(unusable(), print_exception=False) from error
