"""Errors as messages on the page."""

from __future__ import annotations

import gradio as gr
import pytest
from sqlalchemy.exc import SQLAlchemyError

from annotation.region import AnnotationError
from annotation.tabs.error_messages import errors_as_messages, escape_markdown


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (AnnotationError("One sentence."), "One sentence."),
        (AnnotationError("The image <img src=x> is bad."), "The image &lt;img src=x&gt; is bad."),
        (SQLAlchemyError("secret"), "The database could not be reached; your last edit is not saved yet."),
        (OSError(28, "No space left"), "A file of this project could not be read or written: No space left."),
        (OSError("secret"), "A file of this project could not be read or written: unknown reason."),
    ],
)
def test_errors_become_one_sentence(error, message):
    with pytest.raises(gr.Error) as shown, errors_as_messages():
        raise error
    assert shown.value.message == message


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), errors_as_messages():
        raise ZeroDivisionError


def test_markdown_is_escaped():
    assert escape_markdown("a_b*c\n<img>") == r"a\_b\*c \<img\>"
