"""Opens the app's database."""

from __future__ import annotations

from annotation.region import AnnotationError
from annotation.store.database import user_url
from annotation.store.store import Store

__all__ = ["AnnotationError", "Store", "open_store"]


def open_store(url: str | None = None) -> Store:
    """None: the database in the person's data folder. Raises AnnotationError in one sentence."""
    return Store(url if url is not None else user_url())
