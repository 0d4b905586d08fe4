"""The memory of all visitors' traces."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

import gradio as gr
import httpx
import pytest

from spotter.tabs.look_inside import trace_memory
from spotter.tabs.look_inside.trace_memory import TraceMemory, size


class Page:
    """What visitors of a page do, by session."""

    def __init__(self, trace) -> None:
        self.same = replace(trace)
        with gr.Blocks() as self.demo:
            self.state = state = gr.State()
            memory = TraceMemory(state)

            def load(same: bool):
                made = self.same if same else replace(trace)
                memory.make_room(made)
                return made

            answer, same = gr.Checkbox(), gr.Checkbox()
            answer.change(load, same, state, api_name="load", queue=False)
            answer.input(lambda found: found is not None, state, answer, api_name="has", queue=False)
            same.input(memory.renew, None, None, api_name="renew", queue=False)
        self.demo.launch(prevent_thread_lock=True, quiet=True, _frontend=False)
        self.numbers = {fn.api_name: number for number, fn in self.demo.fns.items()}

    def call(self, what: str, session: str, *data):
        body = {"fn_index": self.numbers[what], "session_hash": session, "data": list(data)}
        answer = httpx.post(f"{self.demo.local_url}gradio_api/run/predict", json=body, timeout=60)
        return next(iter(answer.json()["data"]), None)

    def load(self, session: str, same: bool = False) -> None:
        self.call("load", session, same)

    def holders(self, sessions: str) -> str:
        return "".join(session for session in sessions if self.call("has", session, None))


@pytest.fixture
def page(trace, monkeypatch):
    monkeypatch.setattr(trace_memory, "MAX_BYTES", int(2.5 * size(replace(trace))))
    page = Page(trace)
    yield page
    page.demo.close()


def test_nobody_and_one_visitor(page):
    assert page.holders("a") == ""
    page.load("a")
    page.load("a")
    assert page.holders("a") == "a"


def test_the_traces_used_least_recently_are_dropped(page):
    page.load("a")
    page.load("b")
    assert page.holders("a") == "a"  # used again
    page.load("c")
    assert page.holders("abc") == "ac"


def test_the_time_to_live_of_a_trace_is_renewed(page):
    page.call("renew", "a")
    assert page.holders("a") == ""
    page.load("a")
    times = page.demo.state_holder.session_data["a"]._state_ttl
    times[page.state._id] = (1800, datetime.min)
    page.call("renew", "a")
    assert times[page.state._id][1] > datetime.min
    assert page.holders("a") == "a"


def test_a_trace_that_several_look_at_counts_once(page):
    for session in "abcd":
        page.load(session, same=True)
    page.load("e")
    assert page.holders("abcde") == "abcde"


def test_a_trace_larger_than_the_limit_is_the_only_one(page, monkeypatch):
    page.load("a")
    monkeypatch.setattr(trace_memory, "MAX_BYTES", 1)
    page.load("b")
    assert page.holders("ab") == "b"


def test_a_trace_is_dropped_when_its_page_is_left(page):
    page.load("a")
    page.load("b")
    with httpx.stream("GET", f"{page.demo.local_url}gradio_api/heartbeat/a", timeout=60) as stream:
        assert next(stream.iter_lines()) == "data: ALIVE"
    for _ in range(300):
        if page.demo.state_holder.session_data["a"].state_data[page.state._id] is None:
            break
        time.sleep(0.1)
    assert page.holders("ab") == "b"


def test_without_a_page_nothing_is_dropped(trace):
    with gr.Blocks():
        memory = TraceMemory(gr.State())
    memory.make_room(trace)
