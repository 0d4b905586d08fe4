"""Sessions, and the Correct tab without a page: its handlers are called as gradio calls them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest
from gradio.blocks import Block

from annotation.region import Region
from annotation.tabs.correct import build_correct
from annotation.tabs.session import AnnotationSession
from spotter.tabs.shared.loading import Loader


@pytest.fixture
def loader(tiny_file) -> Loader:
    return Loader(str(tiny_file), "cpu")


@pytest.fixture
def session(store, image_id) -> AnnotationSession:
    """Ann's, with the only image of the project "p" open."""
    session = AnnotationSession(store, store.ensure_project("p"), "ann")
    session.refresh_queue()
    session.open(image_id)
    return session


@pytest.fixture
def put(store, picture) -> Callable[..., int]:
    """Adds an image that needs no reading to the default project; its id."""

    def add(seed: int, *regions: Region) -> int:
        image, _ = store.add_image(store.ensure_project("default"), picture(seed), f"street {seed}.jpg")
        store.add_prediction(image.id, "before", [])
        if regions:
            store.save_regions(image.id, 0, regions, "before")
        return image.id

    return add


class TabDriver:
    """The tab of one visitor. `values` holds what the page would show, by component."""

    def __init__(self, build: Callable[[gr.Tab], None]) -> None:
        with gr.Blocks(analytics_enabled=False) as self.demo, gr.Tab("Correct") as self.tab:
            build(self.tab)
        self.values: dict[Block, Any] = {}
        self.props: dict[Block, dict] = {}  # the last update of each component
        self.editor = self.find(elem_id="correct-editor")

    def find(self, **properties: str) -> Any:
        """The component with these attributes, such as elem_id, label or value."""

        def fits(block: Block) -> bool:
            attributes = vars(block) | (getattr(block, "props", None) or {})
            return properties.items() <= {k: v for k, v in attributes.items() if k in properties}.items()

        (found,) = [block for block in self.demo.blocks.values() if fits(block)]
        return found

    def trigger(self, component: Block, event: str, *special: Any) -> dict[Block, Any]:
        """Runs the handler of an event, and shows what it returns; `special`: what gradio adds."""
        (dependency,) = [
            fn for fn in self.demo.fns.values() if (component._id, event) in fn.targets and fn.inputs
        ]
        values = {block: self.values.get(block, getattr(block, "value", None)) for block in dependency.inputs}
        updates = dependency.fn(values, *special)
        for update in updates if inspect.isgenerator(updates) else [updates]:
            assert set(update) <= set(dependency.outputs)
            for block, new in update.items():
                if new == gr.skip():
                    continue
                props = new if isinstance(new, dict) and "__type__" in new else {"value": new}
                self.props[block] = props
                if "value" in props:
                    self.values[block] = props["value"]
        return updates

    def start(self) -> None:
        self.trigger(self.tab, "select")

    def click(self, label: str) -> None:
        self.trigger(self.find(value=label), "click")

    def pick(self, listing: Block, key: str, action: str = "") -> None:
        """Clicks on a row of a listing, or on one of its buttons."""
        shown = self.values.get(listing)
        self.values[listing] = (key, action)
        try:
            self.trigger(listing, "input")
        finally:
            if self.values[listing] == (key, action):
                self.values[listing] = shown

    def edit(self, *regions: dict) -> None:
        """An edit of the open photo: these are all its regions then."""
        document = self.values[self.editor]
        self.values[self.editor] = document | {"revision": document["revision"] + 1, "regions": list(regions)}
        self.trigger(self.editor, "input")

    @property
    def title(self) -> str:
        return self.values[self.find(elem_id="correct-title")]


@pytest.fixture
def open_tab(store, loader) -> Callable[..., TabDriver]:
    """Opens the tab for another visitor."""

    def open_one(shown=store) -> TabDriver:
        driver = TabDriver(lambda tab: build_correct(loader, shown, tab))
        driver.start()
        return driver

    return open_one
