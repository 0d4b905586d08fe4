"""What was changed, in plain sentences: the history of a photo and of a word as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from annotation.corrections import same_shape
from annotation.region import FLAGS
from annotation.review import DELETED, SKIPPED
from annotation.store.records import Revision, StateChange

MAX_TEXT = 40  # characters of a text that is quoted
MAX_QUOTED = 2  # changed texts that are quoted in one line
STATES = {
    "done": "marked the photo as done",
    "approved": "approved the photo",
    "in work": "reopened the photo",
    "new": "took the photo back into the queue",
    DELETED: "deleted the photo",
}


@dataclass(frozen=True)
class LogEntry:
    """One line of the history."""

    text: str
    at: datetime
    version: int | None = None  # of the image after it; None if no region changed
    deleted: tuple[str, ...] = ()  # ids of the regions that it deleted


def photo_log(revisions: Sequence[Revision], changes: Sequence[StateChange]) -> list[LogEntry]:
    """The history of a photo, newest first; `revisions`, `changes`: oldest first."""
    entries = []
    for version, group in groupby(revisions, lambda revision: revision.version):
        some = list(group)
        deleted = tuple(r.region_id for r in some if r.after is None)
        entries.append(LogEntry(f"{some[0].who} {describe(some)}", some[0].at, version, deleted))
    # The first edit of a new photo says enough by itself.
    shown = [change for change in changes if (change.before, change.after) != ("new", "in work")]
    entries += [LogEntry(f"{change.who} {describe_state(change)}", change.at) for change in shown]
    return sorted(entries, key=lambda entry: (entry.at, entry.version or 0), reverse=True)


def region_log(revisions: Sequence[Revision]) -> list[LogEntry]:
    """The history of one region, newest first; `revisions`: of this region alone, oldest first."""
    return [LogEntry(f"{r.who} {describe([r])}", r.at, r.version) for r in reversed(revisions)]


def describe(revisions: Sequence[Revision]) -> str:
    """All changes of one version: 'changed "TE" to "TEX", deleted 2 words'."""
    added = [r.after.text for r in revisions if r.after and not r.before]
    deleted = [r.before.text for r in revisions if r.before and not r.after]
    both = [(r.before, r.after) for r in revisions if r.before and r.after]
    texts = [(old.text, new.text) for old, new in both if old.text != new.text]
    reshaped = [new.text for old, new in both if not same_shape(old.polygon, new.polygon)]
    found = [f"added {words(added)}"] if added else []
    found += [_describe_texts(texts)] if texts else []
    found += [f"moved or reshaped {words(reshaped)}"] if reshaped else []
    for flag in FLAGS:
        for value, action in ((True, "marked"), (False, "no longer marked")):
            marked = [new.text for old, new in both if getattr(old, flag) != getattr(new, flag) == value]
            found += [f"{action} {words(marked)} as {flag}"] if marked else []
    found += [f"deleted {words(deleted)}"] if deleted else []
    return ", ".join(found) or "changed nothing that is seen"


def describe_state(change: StateChange) -> str:
    if change.before == DELETED:
        return "restored the photo from the bin"
    if change.after == SKIPPED:
        return f"skipped the photo: {change.reason}" if change.reason else "skipped the photo"
    return STATES[change.after]


def words(texts: Sequence[str]) -> str:
    """'"NOVA"' or '3 words'."""
    if len(texts) == 1:
        return quote(texts[0]) if texts[0] else "a word without text"
    return f"{len(texts)} words"


def quote(text: str) -> str:
    return f'"{text[: MAX_TEXT - 1]}…"' if len(text) > MAX_TEXT else f'"{text}"'


def _describe_texts(texts: Sequence[tuple[str, str]]) -> str:
    if len(texts) > MAX_QUOTED:
        return f"changed the text of {len(texts)} words"
    return ", ".join(_describe_text(old, new) for old, new in texts)


def _describe_text(old: str, new: str) -> str:
    if not old:
        return f"wrote {quote(new)}"
    return f"changed {quote(old)} to {quote(new)}" if new else f"removed the text {quote(old)}"
