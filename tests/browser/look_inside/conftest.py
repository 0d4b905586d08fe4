"""The tab Look inside with a tiny spotter of random weights, which always finds something."""

from __future__ import annotations

import gradio as gr
import pytest

from spotter.tabs.look_inside.tab import build_look_inside
from spotter.tabs.read.tab import build_read
from spotter.tabs.shared.loading import Loader
from tests.browser.look_inside.page import enter


@pytest.fixture(scope="session")
def inside_url(tiny_file):
    from gradio import networking

    from spotter.tabs.shared.page import page_options

    loader = Loader(str(tiny_file), "cpu")
    with gr.Blocks(analytics_enabled=False) as demo:  # as in app.py, without the tab Correct
        with gr.Tab("Read"):
            build_read(loader)
        with gr.Tab("Look inside") as inside:
            build_look_inside(loader, inside)
    demo.queue(max_size=20)
    patch = pytest.MonkeyPatch()
    patch.setattr(networking, "url_ok", lambda url: True)  # it gives up after 3 s, too few on a busy machine
    demo.launch(prevent_thread_lock=True, quiet=True, run_history=False, **page_options())
    yield demo.local_url
    demo.close()
    patch.undo()


@pytest.fixture
def page(inside_url, open_page):
    page = open_page(inside_url)
    enter(page)
    return page
