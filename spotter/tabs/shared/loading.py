"""Loads the spotter in the background, so that the page appears before torch is imported."""

from __future__ import annotations

import gc
from concurrent.futures import Future
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

import gradio as gr

from spotter.tabs.shared.model_card import read_card

if TYPE_CHECKING:
    from spotter.predictor import Spotter

WEIGHTS = Path(__file__).resolve().parents[3] / "assets" / "weights"


class Loader:
    """The spotter of the app, shared by all visitors.

    Raises FileNotFoundError if the weights do not exist, CardError if their model card is invalid.
    """

    def __init__(self, weights: str = "nano", device: str | None = None) -> None:
        self.weights, self.device = weights, device
        built_in = WEIGHTS / f"{weights}.safetensors"
        self.path = built_in if built_in.is_file() else Path(weights)
        if not self.path.is_file():
            raise FileNotFoundError(
                f"There are no weights {weights!r}: give a .safetensors file or a built-in name."
            )
        self._card = read_card(self.path)
        self._loaded: Future[Spotter] = Future()
        self._once = Lock()

    def start(self) -> None:
        """Starts loading and returns at once. Later calls do nothing."""
        if self._once.acquire(blocking=False):
            Thread(target=self._load, daemon=True).start()

    def _load(self) -> None:
        try:
            from spotter.predictor import load_spotter  # takes seconds: it imports torch

            spotter = load_spotter(self.weights, device=self.device)
            # The libraries stay: each full collection would go through them, 0.15 s in the middle of an edit.
            gc.freeze()
            self._loaded.set_result(spotter)
        except Exception as error:  # raised again by `spotter`
            self._loaded.set_exception(error)

    def spotter(self) -> Spotter:
        """Waits until the spotter is loaded. Raises gr.Error with one sentence if that fails."""
        self.start()
        try:
            return self._loaded.result()
        except Exception as error:
            raise gr.Error(f"The spotter could not be loaded: {error}", print_exception=False) from error

    def card(self) -> dict:
        """The model card of the weights, {} if there is none; does not wait."""
        return self._card
