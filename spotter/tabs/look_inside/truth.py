"""What the photo truly says: shared by all views that compare, as the selected word is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from spotter.explain.polygon_text import show_outlines, words_read
from spotter.tabs.shared.samples import stored_truth

if TYPE_CHECKING:
    from spotter.tabs.look_inside.view import Scene
    from spotter.tracing.trace import Trace

FORM = "A line a word, `text: x,y x,y x,y ...` in pixels of the photo; correct, delete, add."
KNOWN = f"These are the words this sample was rendered with. {FORM}"
READ = f"Nobody knows them yet, so they start as what the network found and read. {FORM}"
NO_TRUTH = "**There are no true words.** Write them under the photo, a line a word: `text: x,y x,y x,y`."
UNSAID = (
    "**Nobody has said yet what is true on this photo**: what the network read stands for it, and so cannot "
    "be wrong. Correct the true words under the photo.\n\n"
)


def unsaid(scene: Scene) -> str:
    """A warning for views that count what is right, where the true words are still those that were read."""
    return UNSAID if scene.truth and scene.truth == words_read(scene.trace) else ""


class Truth:
    """The lines, in a fold below the photo, with a button that brings the first ones back."""

    def __init__(self) -> None:
        self.first = gr.State("")
        with gr.Accordion(
            "True words, for Matching, Two ways and H-mean", open=False, elem_id="inside-truth"
        ):
            self.note = gr.Markdown(READ)
            self.box = gr.Textbox("", label="True words (editable)", lines=6, max_lines=12)
            self.restore = gr.Button("Bring the first ones back", size="sm")

    @property
    def outputs(self) -> list:
        """What `values` is for."""
        return [self.first, self.note, self.box]

    def values(self, source: str | Path, trace: Trace) -> tuple[str, str, str]:
        words = stored_truth(source)
        lines = words_read(trace) if words is None else show_outlines(words)
        return lines, (READ if words is None else KNOWN), lines
