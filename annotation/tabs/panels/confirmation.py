"""A question before something is deleted or created."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import gradio as gr
from gradio.blocks import Block

from annotation.tabs.actions import Updates
from annotation.tabs.error_messages import escape_markdown
from spotter.language import tr, trn


class Confirmation:
    """The question with the buttons to answer it. `subject`: what it is about, kept until the answer."""

    def __init__(self, elem_id: str, answer: str = "", variant: Literal["stop", "primary"] = "stop") -> None:
        with gr.Column(visible=False, elem_id=elem_id, elem_classes="confirmation") as self.box:
            self.text = gr.Markdown(latex_delimiters=[])
            with gr.Row(elem_classes="with-fields"):
                self.yes = gr.Button(answer or tr("Delete"), variant=variant, size="md")
                self.no = gr.Button(tr("Cancel"), size="md")
        self.subject = gr.State(None)
        self.no.click(self.close, None, self.outputs, show_progress="hidden", api_visibility="private")

    @property
    def outputs(self) -> Sequence[Block]:
        return [self.box, self.text, self.yes, self.subject]

    def ask(self, subject: Any, question: str, answer: str) -> Updates:
        """`answer`: the label of the button that does it."""
        text = escape_markdown(question)
        return {
            self.box: gr.update(visible=True),
            self.text: text,
            self.yes: gr.update(value=answer),
            self.subject: subject,
        }

    def close(self) -> Updates:
        return {self.box: gr.update(visible=False), self.subject: None}


def photos(number: int) -> str:
    """'1 photo', '2 photos'."""
    return trn("{number:,} photo", "{number:,} photos", number)


def words(number: int) -> str:
    """'1 word', '2 words'."""
    return trn("{number:,} word", "{number:,} words", number)
