"""The button that makes the lesson deck of the current photo and downloads it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from spotter.tabs.shared.events import PRIVATE, QUEUE
from spotter.tabs.shared.loading import Loader

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

NAME = "lesson-deck.pdf"
# A download starts with a click, and its button appears on the page only a moment after the file is made.
DOWNLOAD = """async () => {
  for (let turn = 0; turn < 50; turn += 1) {
    const button = document.querySelector("#inside-deck-file");
    if (button) return void button.click();
    await new Promise((done) => setTimeout(done, 100));
  }
}"""


class LessonDeck:
    """Two buttons in the picker's row: one makes the PDF, the other, hidden until then, downloads it."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.make = gr.Button("Lesson deck (PDF)", size="sm", elem_id="inside-deck")
        self.file = gr.DownloadButton("Save the PDF", size="sm", visible=False, elem_id="inside-deck-file")

    def wire(self, trace: gr.State, word: gr.Dropdown, truth: gr.Textbox) -> None:
        def write(
            trace: Trace | None,
            word: int | None,
            truth: str | None,
            progress: gr.Progress = gr.Progress(),  # noqa: B008
        ) -> dict[str, Any]:
            if trace is None:
                raise gr.Error("Pick a photo first: the deck is made from it.", print_exception=False)
            from spotter.explain.lesson_deck import write_deck

            chosen = min(int(word or 0), len(trace.words) - 1) if trace.words else None
            cache = Path(self.file.GRADIO_CACHE)
            cache.mkdir(parents=True, exist_ok=True)
            path = Path(tempfile.mkdtemp(prefix="deck-", dir=cache)) / NAME
            write_deck(path, self.loader.spotter(), trace, chosen, truth or "", progress)
            return gr.update(value=str(path), visible=True)

        shown: dict[str, Any] = {**PRIVATE, **QUEUE, "show_progress": "full", "show_progress_on": self.make}
        self.make.click(write, [trace, word, truth], self.file, **shown).success(None, js=DOWNLOAD)
