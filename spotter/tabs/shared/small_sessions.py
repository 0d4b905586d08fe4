"""What Gradio remembers of each visitor, without what is the same for all.

Gradio copies the configuration of all components for every visitor: half a second and 2 MB with the pages in
two languages. Here that of a component is copied when an event first concerns it. A link to the page as it is
(`gr.DeepLinkButton`) would need all of them; the app offers no such link, see `upload_limits`.

An update creates the component again for its visitor, under a new id, and Gradio's next event stores it under
that id, too: one more component with every edit. Here it keeps the id of the component that it replaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio.blocks import Block, BlocksConfig
from gradio.state_holder import SessionState


class Configurations(dict[int, dict[str, Any]]):
    """Of all components, by id."""

    def __init__(self, blocks: Mapping[int, Block]) -> None:
        super().__init__()
        self._blocks = blocks

    def __missing__(self, number: int) -> dict[str, Any]:
        self[number] = BlocksConfig.config_for_block(number, [], self._blocks[number])
        return self[number]

    def __contains__(self, number: object) -> bool:
        return super().__contains__(number) or number in self._blocks


def make_sessions_small() -> None:
    """From now on, for all apps of this process."""
    begin, keep = SessionState.__init__, SessionState.__setitem__
    if hasattr(begin, "__wrapped__"):
        return

    @wraps(begin)
    def begin_small(session: SessionState, blocks: gr.Blocks) -> None:
        nothing: dict[int, Block] = {}  # to copy the configurations of
        begin(session, SimpleNamespace(default_config=blocks.default_config, blocks=nothing))  # type: ignore[arg-type]
        session.config_values = Configurations(blocks.blocks)

    @wraps(keep)
    def keep_once(session: SessionState, number: int, value: Any) -> None:
        if isinstance(value, Block):
            value._id = number
        keep(session, number, value)

    SessionState.__init__ = begin_small  # type: ignore[method-assign, assignment]
    SessionState.__setitem__ = keep_once  # type: ignore[method-assign]
