"""The lesson deck: how the network reads one photo, as a PDF of nine pages for a class or a talk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotter.explain.lesson_pages import PAGES, Lesson
from spotter.explain.page_layout import draw_page
from spotter.explain.polygon_text import words_read

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace


def write_deck(
    path: Path,
    spotter: Spotter,
    trace: Trace,
    word: int | None,
    truth: str = "",
    progress: Callable[..., Any] = lambda *_, **__: None,
) -> int:
    """Writes the PDF and returns its number of pages.

    `word`: index of the word to follow, None on a photo without words; `truth`: true words, one per line
    (default: the predicted words).
    """
    from matplotlib.backends.backend_pdf import PdfPages

    lesson = Lesson(spotter, trace, word, truth or words_read(trace), progress)
    model = f"weights {trace.card.get('name')}, {(trace.card.get('sha256') or 'unknown')[:12]}"
    details = {
        "Title": "SwinTextSpotter on one photo",
        "Subject": model,
        "Creator": "SwinTextSpotter, opened up",
    }
    with PdfPages(path, metadata=details) as pdf:
        for i, make in enumerate(PAGES):
            progress(i / len(PAGES), desc=f"Page {i + 1} of {len(PAGES)}")
            pdf.savefig(draw_page(make(lesson), i + 1, len(PAGES), model))
    return len(PAGES)
