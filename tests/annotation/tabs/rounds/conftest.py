"""The Rounds tab without a page: its handlers are called as gradio calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest
from gradio.blocks import Block

from annotation.tabs.rounds.page import Choice, look
from annotation.tabs.rounds.tab import build_rounds
from tests.annotation.tabs.conftest import TabDriver
from tests.annotation.tabs.rounds.fake import FakeRounds


@pytest.fixture
def project_id(store) -> int:
    return store.ensure_project("p")


@pytest.fixture
def rounds(store) -> FakeRounds:
    return FakeRounds(store)


@pytest.fixture
def situation(rounds, project_id) -> Callable:
    """What is known about the project "p"; the arguments are those of a Choice."""
    return lambda **choice: look(rounds, Choice(project_id, **choice))


class RoundsDriver(TabDriver):
    """The tab of one visitor."""

    def __init__(self, rounds: FakeRounds, remembered: dict[str, Any]) -> None:
        with gr.Blocks(analytics_enabled=False) as self.demo:
            self.memory = gr.BrowserState({})
            with gr.Tab("Rounds") as self.tab:
                build_rounds(rounds, self.tab, self.memory)
        self.values: dict[Block, Any] = {self.memory: remembered}
        self.props: dict[Block, dict] = {}

    def value(self, element_id: str) -> Any:
        return self.values.get(self.find(elem_id=element_id))

    def text(self, element_id: str) -> str:
        """Of a Markdown component, as a person reads it."""
        return self.value(element_id).replace("\\", "")

    def is_visible(self, element_id: str) -> bool:
        return self.props[self.find(elem_id=element_id)].get("visible", True)

    def press(self, element_id: str) -> None:
        self.trigger(self.find(elem_id=element_id), "click")

    def tick(self) -> None:
        (timer,) = [block for block in self.demo.blocks.values() if isinstance(block, gr.Timer)]
        self.trigger(timer, "tick")


@pytest.fixture
def open_rounds(rounds, project_id) -> Callable[..., RoundsDriver]:
    """Opens the tab for another visitor, who has been in the project "p" in Correct."""

    def open_one(*special: Any, **remembered: Any) -> RoundsDriver:
        driver = RoundsDriver(rounds, {"project": "p", "who": "Ann"} | remembered)
        driver.trigger(driver.tab, "select", *special)
        return driver

    return open_one
