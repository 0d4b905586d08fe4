"""The place in Look inside that the address of the page names: a sample, a word and a view; see settings.py.

`?tab=inside&photo=wall&word=3&view=matching`: a reload or a link leads there. Visitors' photos have no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spotter.tabs.look_inside.views import VIEWS
from spotter.tabs.shared.samples import SAMPLES

MAX_DIGITS = 4  # of a word's number
WRITE_WORD = """(photo, word) => {
  const address = new URL(location.href), parts = { photo, word: photo && word !== null ? word + 1 : "" };
  for (const [name, value] of Object.entries(parts)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  history.replaceState(history.state, "", address);
}"""
# Selecting the first view is what a page does while it loads: it must not replace what the address says.
READY = "() => { window.viewIsOpen = true; }"
WRITE_VIEW = """() => {
  const isOpen = document.getElementById("view-%s-button")?.ariaSelected === "true";
  if (!window.viewIsOpen || !isOpen) return;  // said late, another view may be open by now
  const address = new URL(location.href);
  if (address.searchParams.get("view") !== "%s") address.searchParams.delete("set");
  address.searchParams.set("view", "%s");
  history.replaceState(history.state, "", address);
}"""


@dataclass(frozen=True)
class Place:
    """What an address names; what it does not name, or names wrongly, is the first."""

    source: Path = SAMPLES[0].path
    word: int = 0  # index, possibly of more words than the photo has
    view: str | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Place:
        """The place that the parameters of an address name."""
        sources = {photo_name(sample.path): sample.path for sample in SAMPLES}
        word, view = query.get("word", ""), query.get("view")
        is_number = word.isascii() and word.isdigit() and len(word) <= MAX_DIGITS
        return cls(
            sources.get(query.get("photo", ""), SAMPLES[0].path),
            max(int(word) - 1, 0) if is_number else 0,
            view if view in [one.name for one in VIEWS] else None,
        )


def photo_name(source: str | Path) -> str:
    """The name of a sample in the address; "" for a visitor's photo."""
    return Path(source).stem if Path(source) in [sample.path for sample in SAMPLES] else ""
