"""Arguments that event listeners share."""

from __future__ import annotations

import gradio as gr

from spotter.tabs.shared.events import HIDDEN


def test_hidden_progress_is_shown_on_no_component():
    """Otherwise gradio's page copies the state of every output, several times per event."""
    with gr.Blocks(analytics_enabled=False) as demo:
        button, text = gr.Button(), gr.Textbox()
        button.click(lambda: "", None, text, **HIDDEN)
    (dependency,) = demo.get_config_file()["dependencies"]
    assert (dependency["show_progress"], dependency["show_progress_on"]) == ("hidden", [])
