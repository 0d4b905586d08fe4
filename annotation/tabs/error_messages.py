"""What is said to the person at the page."""

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
def told() -> Iterator[None]:
    """What goes wrong inside is told in one sentence.

    Gradio takes it for HTML, and a name out of a file stands in some: a picture in it would ask its server.
    """
    try:
        yield
    except AnnotationError as error:
        raise gr.Error(escape(str(error), quote=False), print_exception=False) from error
    except SQLAlchemyError as error:
        raise gr.Error("The database could not be reached; your last edit is not saved yet.") from error
    except OSError as error:  # disk full, a stored picture that somebody removed
        what = error.strerror or "unknown reason"
        raise gr.Error(f"A file of this project could not be read or written: {what}.") from error


def plain(text: str) -> str:
    """A text that others wrote, as Markdown that shows it as it is."""
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))
