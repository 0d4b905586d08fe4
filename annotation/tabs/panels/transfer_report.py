"""The report of an import or export. It stays on the page until the next one, also if that is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from annotation.tabs.error_messages import EXPECTED, describe_error
from spotter.language import tr

MAX_ROWS = 300  # lines that are shown


def running(title: str) -> dict[str, Any]:
    """The listing's value while something is under way; the report before it is gone."""
    return {"head": tr("{title} ...", title=title)}


def attempt(title: str, action: Callable[[], list[str]]) -> tuple[dict[str, Any], bool]:
    """The listing's value with what `action` returns or why it was refused, and whether it succeeded."""
    try:
        return _rows(tr("{title}: done", title=title), action()), True
    except EXPECTED as error:
        return _rows(tr("{title}: refused", title=title), describe_error(error).splitlines()), False


def _rows(head: str, lines: Sequence[str]) -> dict[str, Any]:
    rows = [{"key": str(i), "title": line} for i, line in enumerate(lines[:MAX_ROWS])]
    more = len(lines) - len(rows)
    return {
        "head": head,
        "rows": rows,
        "foot": tr("and {number} more lines", number=more) if more > 0 else "",
    }
