"""Loads the spotter in the background, so that the page appears before torch is imported."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

import gradio as gr

from spotter.language import tr
from spotter.resources import ASSETS
from spotter.served import Served, ServedSpotter
from spotter.tabs.shared.model_card import read_card

if TYPE_CHECKING:
    from spotter.predictor import Spotter

WEIGHTS = ASSETS / "weights"
WATCH_SECONDS = 2.0  # between two looks at which weights are served


class Loader:
    """The spotter of the app, shared by all visitors.

    Raises FileNotFoundError if the weights do not exist, CardError if their model card is invalid.
    """

    def __init__(self, weights: str = "nano", device: str | None = None) -> None:
        self.weights, self.device = weights, device
        self.path = weights_file(weights)
        if not self.path.is_file() or self.path.suffix != ".safetensors":
            raise FileNotFoundError(
                f"There are no weights {weights!r}: give a .safetensors file or a built-in name."
            )
        self._cards = {self.path: read_card(self.path)}
        self._spotter = ServedSpotter(lambda: (None, weights), device)
        self._once = Lock()
        self._is_following = False
        self._on_change: list[Callable[[], None]] = []

    def follow(self, served: Callable[[], Served]) -> None:
        """From now on, the spotter has the weights that `served` names, as soon as they change."""
        self._spotter, self._is_following = ServedSpotter(served, self.device), True

    def on_change(self, callback: Callable[[], None]) -> None:
        """Calls back, in a thread, when other weights than before, or than the app's own, are loaded."""
        self._on_change.append(callback)

    def start(self) -> None:
        """Starts loading and returns at once. Later calls do nothing."""
        if self._once.acquire(blocking=False):
            Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(Exception):  # raised again by `spotter`
            self._spotter.get()
        # The libraries stay: each full collection would go through them, 0.15 s in the middle of an edit.
        gc.freeze()
        loaded: Served = (None, self.weights)
        while self._is_following:
            with suppress(Exception):  # raised again by `spotter`, and tried again here
                served = self._spotter.served()
                self._spotter.get()
                if served[1] != loaded[1]:
                    loaded = served
                    for callback in self._on_change:
                        callback()
            time.sleep(WATCH_SECONDS)

    def is_loaded(self) -> bool:
        """Whether the spotter is loaded; does not wait for it."""
        return self._spotter.is_loaded()

    def spotter(self) -> Spotter:
        """Waits until the spotter is loaded. Raises gr.Error with one sentence if that fails."""
        self.start()
        try:
            return self._spotter.get()
        except Exception as error:
            sentence = tr("The spotter could not be loaded: {reason}", reason=error)
            raise gr.Error(sentence, print_exception=False) from error

    def card(self) -> dict:
        """The model card of the weights, {} if there is none; does not wait for them."""
        with suppress(ValueError, OSError):  # the weights of the app are always known
            path = weights_file(self._spotter.served()[1])
            if path not in self._cards:
                self._cards[path] = read_card(path)
            return self._cards[path]
        return self._cards[self.path]


def weights_file(weights: str | Path) -> Path:
    """The file of built-in weights or of a path."""
    built_in = WEIGHTS / f"{weights}.safetensors"
    return built_in if built_in.is_file() else Path(weights)
