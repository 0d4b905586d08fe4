"""Errors and names of others as messages on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr
from sqlalchemy.exc import SQLAlchemyError

from annotation.region import AnnotationError

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~$&:-])")


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """Errors that a person can understand are shown as one sentence.

    Gradio renders messages as HTML. They are escaped, since some contain names out of files.
    """
    try:
        yield
    except AnnotationError as error:
        raise gr.Error(escape(str(error), quote=False), print_exception=False) from error
    except SQLAlchemyError as error:
        raise gr.Error("The database could not be reached; your last edit is not saved yet.") from error
    except OSError as error:  # the disk is full, or somebody removed a stored image
        what = error.strerror or "unknown reason"
        raise gr.Error(f"A file of this project could not be read or written: {what}.") from error


def escape_markdown(text: str) -> str:
    """A text as Markdown that shows it unchanged."""
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))
