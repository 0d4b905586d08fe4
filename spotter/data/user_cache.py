"""Texts that take seconds to make, kept in the user's cache for all processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def user_cache() -> Path:
    """The project's folder in the user's cache; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "swintextspotter"


def cached_text(name: str, make: Callable[[], str]) -> str:
    """The text of a file in the cache; made if there is none, and kept if the cache can be written."""
    path = user_cache() / name
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    text = make()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".", delete=False
        ) as file:
            file.write(text)
        os.replace(file.name, path)
    return text
