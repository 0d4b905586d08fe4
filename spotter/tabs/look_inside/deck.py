"""The button that makes the lesson deck of the current photo, and hands it over."""

from __future__ import annotations

import tempfile
from pathlib import Path

import gradio as gr

from spotter.tabs.read.tab import QUEUE
from spotter.tabs.shared.loading import Loader

NAME = "lesson-deck.pdf"
# A download starts with a click, and its button is on the page only a moment after the file is made.
SAVE = """async () => {
  for (let turn = 0; turn < 50; turn += 1) {
    const button = document.querySelector("#inside-deck-file");
    if (button) return void button.click();
    await new Promise((done) => setTimeout(done, 100));
  }
}"""


class LessonDeck:
    """Made inside the picker's row of buttons."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.make = gr.Button("Lesson deck of this photo (PDF)", size="sm", elem_id="inside-deck")
        self.file = gr.DownloadButton("Save the PDF", size="sm", visible=False, elem_id="inside-deck-file")

    def wire(self, trace: gr.State, word: gr.Dropdown, truth: gr.Textbox) -> None:
        def write(current, chosen: int | None, lines: str, progress: gr.Progress = gr.Progress()):  # noqa: B008
            if current is None:
                raise gr.Error("Pick a photo first: the deck shows its way.", print_exception=False)
            from spotter.explain.lesson_deck import write_deck

            chosen = min(int(chosen or 0), len(current.words) - 1) if current.words else None
            cache = Path(self.file.GRADIO_CACHE)
            cache.mkdir(parents=True, exist_ok=True)
            path = Path(tempfile.mkdtemp(prefix="deck-", dir=cache)) / NAME
            write_deck(path, self.loader.spotter(), current, chosen, lines or "", progress)
            return gr.update(value=str(path), visible=True)

        self.make.click(
            write,
            [trace, word, truth],
            self.file,
            api_visibility="private",
            show_progress="full",
            show_progress_on=self.make,
            **QUEUE,
        ).success(None, js=SAVE)
