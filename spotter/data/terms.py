"""Terms of data sets and packages, as stated by their authors (`data_terms.toml`)."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from spotter.data.pack_file import NOT_STATED


def terms_of(name: str) -> str:
    """The terms of a data set, by the name of its folder, or of a package."""
    return _all_terms().get(name, NOT_STATED)


@lru_cache(maxsize=1)
def _all_terms() -> dict[str, str]:
    return tomllib.loads(Path(__file__).with_name("data_terms.toml").read_text(encoding="utf-8"))
