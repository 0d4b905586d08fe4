"""Keeps the memory of all visitors' traces within a limit."""

from __future__ import annotations

import gradio as gr
from gradio.context import Context, LocalContext

from spotter.memory import release_freed_memory
from spotter.tracing.trace import Trace
from spotter.tracing.trace_cache import cached_bytes

MAX_BYTES = 2**30  # of the traces of all visitors, with what the views have computed from them


class TraceMemory:
    """Of the traces that the sessions hold in a state."""

    def __init__(self, state: gr.State) -> None:
        self.state = state
        page = Context.root_block
        assert page is not None, "to be made while the page is built"
        page.unload(self.forget)

    def make_room(self, new: Trace) -> None:
        """For the trace that the current session gets: drops those of sessions used least recently."""
        page, request = LocalContext.blocks.get(None), LocalContext.request.get(None)
        if page is None or request is None:  # not called by a page
            return
        kept, dropped = {id(new): size(new)}, 0
        for key, session in reversed(list(page.state_holder.session_data.items())):
            trace = session.state_data.get(self.state._id)
            if key == request.session_hash or trace is None or id(trace) in kept:
                continue
            if sum(kept.values()) + (needed := size(trace)) > MAX_BYTES:
                session.state_data[self.state._id] = None
                dropped += 1
            else:
                kept[id(trace)] = needed
        trace = None
        if dropped:
            release_freed_memory()

    def renew(self, request: gr.Request) -> None:
        """Renews the time to live of the session's trace.

        Not by an event that gets and returns the trace: one loaded in the meantime would be replaced by it.
        """
        page = LocalContext.blocks.get(None)
        session = request.session_hash or ""
        if page is not None and session in page.state_holder:
            states = page.state_holder[session]
            states[self.state._id] = states[self.state._id]

    def forget(self, request: gr.Request) -> None:
        """When a page is left."""
        page = LocalContext.blocks.get(None)
        session = request.session_hash or ""
        if page is not None and session in page.state_holder:
            page.state_holder[session][self.state._id] = None
            release_freed_memory()


def size(trace: Trace) -> int:
    """Bytes."""
    return trace.nbytes + cached_bytes(trace)
