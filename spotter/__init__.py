"""SwinTextSpotter, opened up: reads the words on a photograph and shows how.

>>> from spotter import load_spotter
>>> words = load_spotter("nano").spot("photo.jpg")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotter.predictor import Spotter, load_spotter

__all__ = ["Spotter", "load_spotter"]


def __getattr__(name: str):
    """Imports torch with the first spotter, not with the package: the app's page does not wait for it."""
    if name in __all__:
        from spotter import predictor

        return getattr(predictor, name)
    raise AttributeError(f"module 'spotter' has no attribute {name!r}")
