"""The true words of a photo: shared by all views that compare with them, as the selected word is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from gradio.components import Component

from spotter.explain.polygon_text import show_outlines, words_read
from spotter.language import tr
from spotter.tabs.shared.samples import stored_truth

if TYPE_CHECKING:
    from spotter.tabs.look_inside.view import ViewInput
    from spotter.tracing.trace import Trace


def list_note(is_known: bool) -> str:
    """Where the list of true words comes from, and how it is written."""
    origin = (
        tr("The words this sample was rendered with.")
        if is_known
        else tr("No ground truth yet: the list starts as the network's own output.")
    )
    lines = tr(
        "One word per line, `text: x,y x,y x,y ...` in pixels of the photo. Correct, delete or add words."
    )
    return f"{origin} {lines}"


def no_truth() -> str:
    return tr(
        "**There are no true words.** Write them where you pick the photo, one per line: `text: x,y x,y x,y`."
    )


def missing_truth() -> str:
    return tr(
        "**No ground truth yet**: the network's own output is used, so every word counts as correct. Correct "
        "the true words where you pick the photo."
    )


def missing_truth_note(view_input: ViewInput) -> str:
    """A warning for views that count correct words, while the true words are the network's own output."""
    truth = view_input.truth
    return f"{missing_truth()}\n\n" if truth and truth == words_read(view_input.trace) else ""


class Truth:
    """The lines, in an accordion below the photo, with a button that restores the initial ones."""

    def __init__(self) -> None:
        self.initial = gr.State("")
        with gr.Accordion(tr("True words of this photo (ground truth)"), open=False, elem_id="inside-truth"):
            self.note = gr.Markdown(list_note(is_known=False))
            self.box = gr.Textbox("", label=tr("True words (editable)"), lines=6, max_lines=12)
            self.restore = gr.Button(tr("Restore the initial words"), size="sm")

    @property
    def outputs(self) -> list[Component]:
        return [self.initial, self.note, self.box]

    def values(self, source: str | Path, trace: Trace) -> dict[Component, str]:
        """Values of `outputs` for a photo."""
        words = stored_truth(source)
        lines = words_read(trace) if words is None else show_outlines(words)
        return {self.initial: lines, self.note: list_note(words is not None), self.box: lines}
