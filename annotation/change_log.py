"""What was changed, in plain sentences: the history of a photo and of a word as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from annotation.corrections import same_shape
from annotation.region import FLAGS
from annotation.review import DELETED, SKIPPED, reason_name
from annotation.store.records import Revision, StateChange
from spotter.language import tr

MAX_TEXT = 40  # characters of a text that is quoted
MAX_QUOTED = 2  # changed texts that are quoted in one line


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
        entries.append(LogEntry(sentence(some[0].who, describe(some)), some[0].at, version, deleted))
    # The first edit of a new photo says enough by itself.
    shown = [change for change in changes if (change.before, change.after) != ("new", "in work")]
    entries += [LogEntry(sentence(change.who, describe_state(change)), change.at) for change in shown]
    return sorted(entries, key=lambda entry: (entry.at, entry.version or 0), reverse=True)


def region_log(revisions: Sequence[Revision]) -> list[LogEntry]:
    """The history of one region, newest first; `revisions`: of this region alone, oldest first."""
    return [LogEntry(sentence(r.who, describe([r])), r.at, r.version) for r in reversed(revisions)]


def describe(revisions: Sequence[Revision]) -> str:
    """All changes of one version: 'changed "TE" to "TEX", deleted 2 words'."""
    added = [r.after.text for r in revisions if r.after and not r.before]
    deleted = [r.before.text for r in revisions if r.before and not r.after]
    both = [(r.before, r.after) for r in revisions if r.before and r.after]
    texts = [(old.text, new.text) for old, new in both if old.text != new.text]
    reshaped = [new.text for old, new in both if not same_shape(old.polygon, new.polygon)]
    found = [tr("added {words}", words=words(added))] if added else []
    found += [_describe_texts(texts)] if texts else []
    found += [tr("moved or reshaped {words}", words=words(reshaped))] if reshaped else []
    for flag in FLAGS:
        for value in (True, False):
            marked = [new.text for old, new in both if getattr(old, flag) != getattr(new, flag) == value]
            found += [_describe_flag(flag, value, words(marked))] if marked else []
    found += [tr("deleted {words}", words=words(deleted))] if deleted else []
    return ", ".join(found) or tr("changed nothing that is seen")


def sentence(who: str, what: str) -> str:
    """'Ada deleted 2 words'."""
    return tr("{who} {what}", who=who, what=what)


def describe_state(change: StateChange) -> str:
    if change.before == DELETED:
        return tr("restored the photo from the bin")
    if change.after == SKIPPED:
        reason = reason_name(change.reason)
        return tr("skipped the photo: {reason}", reason=reason) if reason else tr("skipped the photo")
    states = {
        "done": tr("marked the photo as done"),
        "approved": tr("approved the photo"),
        "in work": tr("reopened the photo"),
        "new": tr("took the photo back into the queue"),
        DELETED: tr("deleted the photo"),
    }
    return states[change.after]


def words(texts: Sequence[str]) -> str:
    """'"NOVA"' or '3 words'."""
    if len(texts) == 1:
        return quote(texts[0]) if texts[0] else tr("a word without text")
    return tr("{number} words", number=len(texts))


def quote(text: str) -> str:
    return f'"{text[: MAX_TEXT - 1]}…"' if len(text) > MAX_TEXT else f'"{text}"'


def _describe_texts(texts: Sequence[tuple[str, str]]) -> str:
    if len(texts) > MAX_QUOTED:
        return tr("changed the text of {number} words", number=len(texts))
    return ", ".join(_describe_text(old, new) for old, new in texts)


def _describe_text(old: str, new: str) -> str:
    if not old:
        return tr("wrote {text}", text=quote(new))
    if not new:
        return tr("removed the text {text}", text=quote(old))
    return tr("changed {before} to {after}", before=quote(old), after=quote(new))


def _describe_flag(flag: str, value: bool, marked: str) -> str:
    """`marked`: the words."""
    if flag == "illegible":
        return (
            tr("marked {words} as illegible", words=marked)
            if value
            else tr("no longer marked {words} as illegible", words=marked)
        )
    return (
        tr("marked {words} as difficult", words=marked)
        if value
        else tr("no longer marked {words} as difficult", words=marked)
    )
