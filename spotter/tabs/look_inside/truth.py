"""The true words of a photo: shared by all views that compare with them, as the selected word is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from gradio.components import Component

from spotter.explain.polygon_text import show_outlines, words_read
from spotter.tabs.shared.samples import stored_truth

if TYPE_CHECKING:
    from spotter.tabs.look_inside.view import ViewInput
    from spotter.tracing.trace import Trace

FORMAT = "One word per line, `text: x,y x,y x,y ...` in pixels of the photo. Correct, delete or add words."
KNOWN = f"The words this sample was rendered with. {FORMAT}"
OWN_OUTPUT = f"No ground truth yet: the list starts as the network's own output. {FORMAT}"
NO_TRUTH = (
    "**There are no true words.** Write them where you pick the photo, one per line: `text: x,y x,y x,y`."
)
MISSING_TRUTH = (
    "**No ground truth yet**: the network's own output is used, so every word counts as correct. Correct the "
    "true words where you pick the photo.\n\n"
)


def missing_truth_note(view_input: ViewInput) -> str:
    """A warning for views that count correct words, while the true words are the network's own output."""
    truth = view_input.truth
    return MISSING_TRUTH if truth and truth == words_read(view_input.trace) else ""


class Truth:
    """The lines, in an accordion below the photo, with a button that restores the initial ones."""

    def __init__(self) -> None:
        self.initial = gr.State("")
        with gr.Accordion("True words of this photo (ground truth)", open=False, elem_id="inside-truth"):
            self.note = gr.Markdown(OWN_OUTPUT)
            self.box = gr.Textbox("", label="True words (editable)", lines=6, max_lines=12)
            self.restore = gr.Button("Restore the initial words", size="sm")

    @property
    def outputs(self) -> list[Component]:
        return [self.initial, self.note, self.box]

    def values(self, source: str | Path, trace: Trace) -> dict[Component, str]:
        """Values of `outputs` for a photo."""
        words = stored_truth(source)
        lines = words_read(trace) if words is None else show_outlines(words)
        return {self.initial: lines, self.note: OWN_OUTPUT if words is None else KNOWN, self.box: lines}
