"""What is remembered of a visitor."""

from __future__ import annotations

import gradio as gr
import pytest
from gradio.blocks import BlocksConfig
from gradio.state_holder import SessionState
from gradio_client import Client

from spotter.tabs.shared.small_sessions import make_sessions_small


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name in ("__init__", "__setitem__"):
        monkeypatch.setattr(SessionState, name, getattr(SessionState, name))  # put back at the end
    make_sessions_small()
    make_sessions_small()  # has no further effect


@pytest.fixture
def page() -> gr.Blocks:
    with gr.Blocks() as page:
        gr.State(0)
        box = gr.Textbox("a", label="Box")
        gr.Slider(0, 10, 3)
        box.change(lambda text: gr.Textbox(value=text, label="New"), box, box, api_name="change")
    return page


def test_a_page_without_components():
    assert SessionState(gr.Blocks()).config_values == {}


def test_nothing_is_copied_until_it_is_asked_for(page):
    session = SessionState(page)
    wanted = {number: BlocksConfig.config_for_block(number, [], each) for number, each in page.blocks.items()}
    assert len(session.config_values) == 0
    for number in page.blocks:
        assert number in session.config_values
        assert session.config_values[number] == wanted[number]
    assert session.config_values == wanted


def test_an_unknown_component(page):
    assert 999 not in SessionState(page).config_values
    with pytest.raises(KeyError):
        SessionState(page).config_values[999]


def test_what_one_visitor_changes_is_not_changed_for_others(page):
    first, second = SessionState(page), SessionState(page)
    number = next(each for each, block in page.blocks.items() if isinstance(block, gr.Textbox))
    first._update_value_in_config(number, "changed")
    assert first.config_values[number]["props"]["value"] == "changed"
    assert second.config_values[number]["props"]["value"] == "a"


def test_updates_of_a_component_do_not_add_up(page):
    """Each event would keep the component that the one before has made, under a number of its own."""
    page.launch(prevent_thread_lock=True, quiet=True, _frontend=False)
    try:
        client = Client(page.local_url, verbose=False)
        for _ in range(3):
            client.predict("text", api_name="/change")
        session = page.state_holder.session_data[client.session_hash]
        assert session.blocks_config.blocks.keys() == page.blocks.keys()
        box = next(block for block in session.blocks_config.blocks.values() if isinstance(block, gr.Textbox))
        assert box.label == "New"
    finally:
        page.close()
