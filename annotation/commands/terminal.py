"""What the commands show on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm
from tqdm.utils import disp_len

from annotation.upload import Progress


@contextmanager
def progress_bar(name: str) -> Iterator[Progress]:
    """On stderr."""
    with tqdm(desc=name, unit="image", file=sys.stderr, leave=False, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int, image: str) -> None:
            bar.total = total
            bar.set_postfix_str(image, refresh=False)
            bar.update(done - bar.n)

        yield show


def printable(text: str) -> str:
    """A text on one line: control and invisible characters as escapes, `\\t` for a tab."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def tab_separated(*values: object) -> str:
    """A line for other programs."""
    return "\t".join(printable(str(value)) for value in values)


def aligned(columns: Sequence[str], rows: Sequence[Sequence[str]], names: int) -> list[str]:
    """A table: the first `names` columns to the left, the others (numbers) to the right."""
    lines = [[printable(value) for value in row] for row in (columns, *rows)]
    widths = [max(map(disp_len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(map(_pad, line, widths, [i < names for i in range(len(line))])).rstrip() for line in lines
    ]


def _pad(value: str, width: int, to_the_left: bool) -> str:
    space = " " * (width - disp_len(value))
    return value + space if to_the_left else space + value


def confirm(question: str) -> bool:
    """Asks on the terminal; whether the answer is yes."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
