"""A second set of weights, whose trace of the same photo some views show beside the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import gradio as gr

from spotter.images import ImageError, read_image
from spotter.language import tr
from spotter.served import OfferedWeights
from spotter.tabs.look_inside.trace_memory import TraceMemory
from spotter.tabs.look_inside.view import Second, no_progress
from spotter.tabs.shared.overlay import MIN_SCORE
from spotter.tracing.trace_cache import get, put

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

NONE = ""  # the choice that compares with nothing
CACHE_KEY = "second weights"
PARAMETER = "with"  # of the address
MIN_DIGITS = 12  # of a checksum in the address
WRITE_CHOICE = """(choice) => {
  const address = new URL(location.href);
  if (choice) address.searchParams.set("with", choice.slice(0, DIGITS));
  else address.searchParams.delete("with");
  history.replaceState(history.state, "", address);
}""".replace("DIGITS", str(MIN_DIGITS))


def nothing_offered() -> list[OfferedWeights]:
    return []


@dataclass(frozen=True)
class SecondTrace:
    sha256: str  # of the weights
    trace: Trace


class Comparison:
    """A list in the bar, hidden as long as there is nothing to compare with.

    The page only ever names a checksum; which file that is, `offered` says. A trace of the second weights is
    cached with the first one, and so counts as its memory and goes when it goes.
    """

    def __init__(
        self, offered: Callable[[], list[OfferedWeights]], device: str | None, memory: TraceMemory
    ) -> None:
        self.offered, self.device, self.memory = offered, device, memory
        self.lock = Lock()  # one second spotter at a time
        self.loaded: tuple[str, Spotter] | None = None
        self.source = gr.State(None)  # the path of the photo

    def layout(self) -> None:
        self.choice = gr.Dropdown(
            [(tr("Compare with …"), NONE)],
            value=NONE,
            label=tr("Second weights, to compare with"),
            show_label=False,
            container=False,
            visible=False,
            interactive=True,
            elem_id="inside-second",
        )

    def choices(self, first: Trace, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The update of the list; `query`: of the address, which may name one of it."""
        others = [one for one in self.offered() if one.sha256 != first.card.get("sha256")]
        choices = [(tr("Compare with {name}", name=one.name), one.sha256) for one in others]
        update = gr.update(choices=[(tr("Compare with …"), NONE), *choices], visible=bool(others))
        named = (query or {}).get(PARAMETER, "")
        found = [one.sha256 for one in others if len(named) >= MIN_DIGITS and one.sha256.startswith(named)]
        return {**update, "value": found[0]} if found else update

    def second(
        self, first: Trace, source: str | None, sha256: str, progress: Callable[..., Any] = no_progress
    ) -> Second | None:
        """None if these weights are not offered (any more), or are those of the first trace."""
        offers = {one.sha256: one for one in self.offered()}
        own = first.card.get("sha256")
        if sha256 not in offers or sha256 == own or source is None:
            return None
        found: SecondTrace | None = get(first, CACHE_KEY)
        if found is None or found.sha256 != sha256:
            with self.lock:
                found = get(first, CACHE_KEY)  # by another visitor meanwhile
                if found is None or found.sha256 != sha256:
                    found = put(
                        first, CACHE_KEY, SecondTrace(sha256, self.trace(offers[sha256], source, progress))
                    )
            self.memory.make_room(first)
        name = offers[own].name if own in offers else str(first.card.get("name"))
        return Second(found.trace, offers[sha256].name, name)

    def trace(self, offer: OfferedWeights, source: str, progress: Callable[..., Any]) -> Trace:
        from spotter.predictor import load_spotter
        from spotter.weights import WeightsError

        if not Path(source).is_file():
            message = tr("The photo was deleted from this machine meanwhile; load it again.")
            raise gr.Error(message, print_exception=False)
        try:
            image = read_image(source)
            if self.loaded is None or self.loaded[0] != offer.sha256:
                progress(0.1, desc=tr("Loading the second weights"))
                self.loaded = None  # so that there are never three
                self.loaded = offer.sha256, load_spotter(offer.weights, device=self.device)
        except (ImageError, WeightsError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        progress(0.4, desc=tr("Running the network on the photo"))
        return self.loaded[1].trace(image, threshold=MIN_SCORE)
