"""Correct and Rounds in an app, with a tiny spotter of random weights and rounds of a few steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import pytest
from gradio import networking

from annotation.rounds.service import Rounds
from annotation.store.store import Store
from annotation.tabs.correct import build_correct
from annotation.tabs.panels.project import browser_memory
from annotation.tabs.rounds.tab import build_rounds
from spotter.tabs.shared.address import keep_tab_in_address
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.page import page_options
from tests.annotation.rounds.training_round import small_round
from tests.annotation.tabs.rounds.fake import FakeRounds


class RoundsApp:
    """Both tabs, the store and the rounds."""

    def __init__(self, rounds: Rounds, weights: Path) -> None:
        self.store, self.rounds = rounds.store, rounds
        loader = Loader(str(weights), "cpu")
        if not isinstance(rounds, FakeRounds):
            loader.follow(rounds.served)
        with gr.Blocks(analytics_enabled=False) as demo:
            gr.HTML('<p class="overlay">For open_page, which waits for it.</p>')
            memory = browser_memory()
            with gr.Tabs() as tabs:
                with gr.Tab("First", id="first") as first:
                    gr.Markdown("Nothing here.")
                with gr.Tab("Correct", id="correct", elem_id="correct-tab") as correct:
                    build_correct(loader, rounds.store, correct, memory)
                with gr.Tab("Rounds", id="rounds", elem_id="rounds-tab") as tab:
                    build_rounds(rounds, tab, memory)
            keep_tab_in_address(demo, tabs, [first, correct, tab])
        self.demo = demo.queue()
        demo.launch(prevent_thread_lock=True, quiet=True, run_history=False, **page_options())

    def address(self, **params: object) -> str:
        return self.demo.local_url + "?" + "&".join(f"{name}={value}" for name, value in params.items())


@pytest.fixture
def start_app(tiny_file, monkeypatch) -> Iterator:
    # gradio's own check gives up after 3 seconds, too few on a busy machine.
    monkeypatch.setattr(networking, "url_ok", lambda url: True)
    started = []

    def start(rounds: Rounds) -> RoundsApp:
        started.append(RoundsApp(rounds, tiny_file))
        return started[-1]

    yield start
    for app in started:
        app.demo.close()


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path}/app.db") as opened:
        yield opened


@pytest.fixture
def app(start_app, store, tiny_file, tmp_path) -> RoundsApp:
    """Its rounds have a process of their own, as in the real app."""
    config = small_round(tmp_path, steps=2, shares=(1.0,), rendered_scenes=1)
    return start_app(Rounds(store, str(tiny_file), config))


@pytest.fixture
def visit(new_page) -> Callable:
    """Opens pages that may be left while the app answers, which the browser reports as an error."""

    def open_one(url: str):
        page = new_page(url, 1280, 900)
        page.set_default_timeout(60_000)
        page.goto(url)
        return page

    return open_one
