"""The open tab in the address; on a page, see tests/browser/correct/test_lost_server.py."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import pytest

from spotter.tabs.shared.address import keep_tab_in_address


@pytest.fixture
def open_tab():
    """What the page asks for when it has loaded."""
    with gr.Blocks(analytics_enabled=False) as demo:
        with gr.Tabs() as tabs:
            with gr.Tab("Read", id="read") as read:
                pass
            with gr.Tab("Correct", id="correct") as correct:
                pass
        keep_tab_in_address(demo, tabs, [read, correct])
    (load,) = [fn.fn for fn in demo.fns.values() if (demo._id, "load") in fn.targets and fn.fn]
    return lambda **query: load(SimpleNamespace(query_params=query))


def test_the_tab_in_the_address_is_opened(open_tab):
    assert open_tab(tab="correct").selected == "correct"


@pytest.mark.parametrize("query", [{}, {"tab": ""}, {"tab": "<script>"}, {"image": "1"}])
def test_without_a_known_tab_the_first_one_stays(open_tab, query):
    assert open_tab(**query) == gr.skip()
