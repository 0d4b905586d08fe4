"""Errors and names of others as messages on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr
from sqlalchemy.exc import SQLAlchemyError

from annotation.region import AnnotationError
from spotter.language import tr

# OSError: the disk is full, or somebody removed a stored image.
EXPECTED = (AnnotationError, SQLAlchemyError, OSError)
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~$&:-])")


def describe_error(error: Exception) -> str:
    """One of EXPECTED as one sentence, or as one and a line per fault."""
    if isinstance(error, AnnotationError):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return tr("The database could not be reached; your last edit is not saved yet.")
    what = getattr(error, "strerror", None) or tr("unknown reason")
    return tr("A file of this project could not be read or written: {reason}.", reason=what)


@contextmanager
def errors_as_messages() -> Iterator[None]:
    """Errors that a person can understand are shown as one sentence.

    Gradio renders messages as HTML. They are escaped, since some contain names out of files.
    """
    try:
        yield
    except EXPECTED as error:
        raise gr.Error(escape(describe_error(error), quote=False), print_exception=False) from error


def escape_markdown(text: str) -> str:
    """A text as Markdown that shows it unchanged."""
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))
