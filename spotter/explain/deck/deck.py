"""The lesson deck: how the network reads one photo, as 16:9 slides for a class or a talk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotter.explain.deck.lesson import Lesson
from spotter.explain.deck.pages import PAGES
from spotter.explain.deck.pdf import write_pdf
from spotter.explain.deck.pptx import write_pptx
from spotter.explain.deck.slide import Slide
from spotter.explain.polygon_text import words_read
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

WRITERS = {".pdf": write_pdf, ".pptx": write_pptx}


def write_deck(
    path: Path,
    spotter: Spotter,
    trace: Trace,
    word: int | None,
    truth: str = "",
    progress: Callable[..., Any] = lambda *_, **__: None,
    pages: Sequence[str] = tuple(PAGES),
) -> int:
    """Writes a PDF or PPTX, as the path ends, in the current language and returns its number of pages.

    `word`: index of the word to follow, None on a photo without words; `truth`: true words, one per line
    (default: the predicted words); `pages`: keys of PAGES, which come in the order of PAGES.
    """
    lesson = Lesson(spotter, trace, word, truth or words_read(trace), progress)
    chosen = [name for name in PAGES if name in pages]
    details = {
        "Title": tr("SwinTextSpotter on one photo"),
        "Subject": lesson.weights,
        "Creator": "SwinTextSpotter, opened up",
    }
    footers = [
        f"SwinTextSpotter, opened up · arXiv 2203.10209 · {lesson.weights} · {i + 1} / {len(chosen)}"
        for i in range(len(chosen))
    ]
    return WRITERS[path.suffix](path, slides(lesson, chosen), footers, details)


def slides(lesson: Lesson, chosen: Iterable[str]) -> Iterator[Slide]:
    names = list(chosen)
    for i, name in enumerate(names):
        lesson.progress(i / len(names), desc=tr("Page {page} of {count}", page=i + 1, count=len(names)))
        yield PAGES[name](lesson)
