"""The spotter with the weights that are served now, which may change while the program runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotter.predictor import Spotter

# Version of its predictions (None: that of the model card), and weights: a built-in name or a path.
Served = tuple[str | None, str | Path]


@dataclass(frozen=True)
class OfferedWeights:
    """Weights that people may choose."""

    sha256: str  # of the file
    name: str  # as people call them, in the current language
    weights: str | Path  # a built-in name or a path


class ServedSpotter:
    """Thread-safe. Loads the weights when they are first needed, and again when others are served."""

    def __init__(self, served: Callable[[], Served], device: str | None = None) -> None:
        self.served, self.device = served, device
        self._lock = Lock()
        self._loaded: tuple[Served, Spotter] | None = None

    def is_loaded(self) -> bool:
        """Whether any weights are loaded; does not wait for them."""
        return self._loaded is not None

    def get(self) -> Spotter:
        """Raises what `served` and `load_spotter` raise; what was loaded before then stays."""
        served = self.served()
        with self._lock:
            if self._loaded is None or self._loaded[0] != served:
                from spotter.predictor import load_spotter  # takes seconds: it imports torch

                version, weights = served
                spotter = load_spotter(weights, device=self.device)
                if version is not None:
                    spotter.card["model_version"] = version
                self._loaded = served, spotter
            return self._loaded[1]
