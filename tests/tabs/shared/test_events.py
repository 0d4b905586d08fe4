"""Arguments that event listeners share."""

from __future__ import annotations

import ast
from pathlib import Path

import gradio as gr

import annotation.tabs
import spotter.tabs
from spotter.tabs.shared.events import HIDDEN


def test_hidden_progress_is_shown_on_no_component():
    """Otherwise gradio's page copies the state of every output, several times per event."""
    with gr.Blocks(analytics_enabled=False) as demo:
        button, text = gr.Button(), gr.Textbox()
        button.click(lambda: "", None, text, **HIDDEN)
    (dependency,) = demo.get_config_file()["dependencies"]
    assert (dependency["show_progress"], dependency["show_progress_on"]) == ("hidden", [])


def test_no_later_value_of_a_generator_leaves_out_what_an_earlier_one_set():
    """Gradio's client (6.31) patches a value in place with the difference to the next one. If several arrive
    at once, it shows the last one for all of them: an output that is skipped there is never shown.
    """
    folders = [Path(package.__path__[0]) for package in (annotation.tabs, spotter.tabs)]
    skips = [
        f"{path}:{node.lineno}"
        for folder in folders
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Yield) and node.value is not None and "gr.skip()" in ast.unparse(node.value)
    ]
    assert skips == []
