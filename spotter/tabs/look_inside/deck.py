"""Slides of the current photo: which pages, in which format, and the buttons that make and download them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from spotter.explain.deck.pages import page_names
from spotter.language import tr
from spotter.tabs.shared.events import PRIVATE, QUEUE
from spotter.tabs.shared.loading import Loader

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

NAME = "lesson-deck"
FORMATS = ["PDF", "PPTX"]
# A download starts with a click, and its button appears on the page only a moment after the file is made.
DOWNLOAD = """async () => {
  for (let turn = 0; turn < 50; turn += 1) {
    const button = document.querySelector("#inside-deck-file");
    if (button) return void button.click();
    await new Promise((done) => setTimeout(done, 100));
  }
}"""


class LessonDeck:
    """A part of what can be taken away; the second button, hidden until a file is made, downloads it."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        names = page_names()
        self.pages = gr.CheckboxGroup(
            [(name, key) for key, name in names.items()],
            value=list(names),
            label=tr("Slides of this photo (16:9)"),
            info=tr("For a lesson or a talk; they follow the word chosen above."),
            elem_id="inside-deck-pages",
        )
        with gr.Row(equal_height=True):
            self.format = gr.Radio(
                FORMATS, value="PDF", show_label=False, container=False, elem_id="inside-deck-format"
            )
            self.make = gr.Button(tr("Make the slides"), size="sm", variant="primary", elem_id="inside-deck")
            self.file = gr.DownloadButton(
                tr("Save the slides"), size="sm", visible=False, elem_id="inside-deck-file"
            )

    def wire(self, trace: gr.State, word: gr.Dropdown, truth: gr.Textbox) -> None:
        def write(
            trace: Trace | None,
            word: int | None,
            truth: str | None,
            pages: list[str],
            kind: str,
            progress: gr.Progress = gr.Progress(),  # noqa: B008
        ) -> dict[str, Any]:
            if trace is None:
                raise gr.Error(tr("Pick a photo first: the slides are made from it."), print_exception=False)
            if not pages:
                raise gr.Error(tr("Tick at least one page."), print_exception=False)
            from spotter.explain.deck.deck import write_deck

            chosen = min(int(word or 0), len(trace.words) - 1) if trace.words else None
            cache = Path(self.file.GRADIO_CACHE)
            cache.mkdir(parents=True, exist_ok=True)
            path = Path(tempfile.mkdtemp(prefix="deck-", dir=cache)) / f"{NAME}.{kind.lower()}"
            write_deck(path, self.loader.spotter(), trace, chosen, truth or "", progress, pages)
            return gr.update(value=str(path), visible=True)

        inputs = [trace, word, truth, self.pages, self.format]
        shown: dict[str, Any] = {**PRIVATE, **QUEUE, "show_progress": "full", "show_progress_on": self.make}
        self.make.click(write, inputs, self.file, **shown).success(None, js=DOWNLOAD)
