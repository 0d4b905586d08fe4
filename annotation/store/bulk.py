"""Changes of many words at once: first a plan, then its execution as revisions by a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from annotation.region import FLAGS, MAX_TEXT, AnnotationError
from annotation.review import CONFIRMED_STATES
from annotation.store import history, projects, review
from annotation.store.authors import check_version, now, person_name
from annotation.store.projects import in_project
from annotation.store.records import NotFoundError
from annotation.store.region_rows import batches, load_regions, replace_regions
from annotation.store.search import FORMS, words_with
from annotation.store.store import Store
from annotation.store.tables import ImageRow, RegionRow, ReviewRow
from spotter.language import tr

MAX_CHANGES = 20_000  # words of one plan, which is kept in memory until a person confirms it
IMAGES_AT_ONCE = 50  # per transaction, so that people who save meanwhile do not wait for all


@dataclass(frozen=True)
class Change:
    """What becomes of one word."""

    image_id: int
    image_name: str
    version: int  # of the image; if it has changed when the plan is executed, the image is left out
    is_finished: bool  # done or approved; the change reopens it
    region_id: str
    field: str  # text, illegible or difficult
    before: str | bool
    after: str | bool


@dataclass(frozen=True)
class BulkResult:
    """What was changed, by a plan or by its undoing."""

    words: int = 0  # 0 after an undoing, which counts images
    versions: dict[int, tuple[int, int]] = field(default_factory=dict)  # image id -> before and after
    states: dict[int, str] = field(default_factory=dict)  # image id -> before; empty after an undoing
    left_out: list[str] = field(default_factory=list)  # names of images that somebody changed meanwhile


def plan_replacement(
    store: Store, project_id: int, find: str, new: str, match_case: bool = False, whole_word: bool = False
) -> list[Change]:
    """Replaces a text wherever it occurs in the project's words. Raises AnnotationError."""
    if not find:
        raise AnnotationError(tr("Type the text to be replaced."))
    pattern = text_pattern(find, match_case, whole_word)
    query = words_with(store, project_id, find).add_columns(ImageRow.version, ImageRow.state)
    changes = []
    with store.read() as session:
        for image_id, name, region_id, text, version, state in session.execute(_ordered(query)):
            after = pattern.sub(lambda _: new, text)
            if after == text:
                continue
            if len(after) > MAX_TEXT:
                raise AnnotationError(
                    tr(
                        "On {name} a text would be longer than {max_text} characters.",
                        name=name,
                        max_text=MAX_TEXT,
                    )
                )
            finished = state in CONFIRMED_STATES
            changes.append(Change(image_id, name, version, finished, region_id, "text", text, after))
            _check_count(changes)
    return changes


def plan_flag(
    store: Store, project_id: int, flag: str, value: bool, image_ids: Sequence[int]
) -> list[Change]:
    """Sets or clears a flag of all words of these images. Raises AnnotationError."""
    if flag not in FLAGS:
        raise AnnotationError(
            tr("There is no flag {flag!r}; expected one of {known}.", flag=flag, known=", ".join(FLAGS))
        )
    columns = (ImageRow.id, ImageRow.name, ImageRow.version, ImageRow.state, RegionRow.id)
    query = select(*columns).join_from(RegionRow, ImageRow, RegionRow.image_id == ImageRow.id)
    query = query.where(in_project(project_id), getattr(RegionRow, flag) == (not value))
    changes: list[Change] = []
    with store.read() as session:
        for ids in batches(image_ids):
            for row in session.execute(_ordered(query.where(ImageRow.id.in_(ids)))):
                image_id, name, version, state, region_id = row
                finished = state in CONFIRMED_STATES
                changes.append(Change(image_id, name, version, finished, region_id, flag, not value, value))
            _check_count(changes)
    return changes


def execute(store: Store, changes: Sequence[Change], who: str) -> BulkResult:
    """Makes the changes, each a revision by `who`; all of an image or, if it has changed meanwhile, none."""
    who, words, left_out = person_name(who), 0, []
    versions: dict[int, tuple[int, int]] = {}
    states: dict[int, str] = {}
    by_image = [list(group) for _, group in groupby(changes, lambda change: change.image_id)]
    for start in range(0, len(by_image), IMAGES_AT_ONCE):
        with store.write() as session:
            for mine in by_image[start : start + IMAGES_AT_ONCE]:
                image_id = mine[0].image_id
                try:
                    image = projects.get_image(session, image_id, lock=True)
                except NotFoundError:  # deleted meanwhile
                    left_out.append(mine[0].image_name)
                    continue
                if image.version != mine[0].version:
                    left_out.append(image.name)
                    continue
                values: dict[str, dict[str, Any]] = {
                    change.region_id: {change.field: change.after} for change in mine
                }
                regions = load_regions(session, image_id)
                new = [replace(region, **values.get(region.id, {})) for region in regions]
                at, states[image_id] = now(), image.state
                replace_regions(session, image, new, who, "person", at)
                review.reopen(session, image, who, at)
                versions[image_id] = (mine[0].version, image.version)
                words += len(mine)
    return BulkResult(words, versions, states, left_out)


def undo(store: Store, result: BulkResult, who: str) -> BulkResult:
    """Brings back regions and states as they were; leaves out images that somebody has changed since."""
    who, versions, left_out = person_name(who), {}, []
    for image_id, (before, after) in result.versions.items():
        try:
            with store.write() as session:
                image = projects.get_image(session, image_id, lock=True)
                check_version(image, after)
                new, at = history.regions_at_version(session, image_id, before), now()
                replace_regions(session, image, new, who, "person", at)
                # If somebody has confirmed the change, the words of before are yet to be checked.
                state = result.states[image_id] if image.state == "in work" else "in work"
                review.force_state(session, image, state, who, at, _last_reason(session, image_id, state))
                versions[image_id] = (after, image.version)
        except AnnotationError:
            left_out.append(_image_name(store, image_id))
    return BulkResult(versions=versions, left_out=left_out)


def text_pattern(find: str, match_case: bool, whole_word: bool) -> re.Pattern[str]:
    """Finds the text itself, in each Unicode form; no characters of it have a special meaning."""
    forms = sorted({unicodedata.normalize(form, find) for form in FORMS})
    pattern = "|".join(map(re.escape, forms))
    if whole_word:
        pattern = rf"(?<!\w)(?:{pattern})(?!\w)"
    return re.compile(pattern, 0 if match_case else re.IGNORECASE)


def _ordered(query: Select) -> Select:
    return query.order_by(ImageRow.sort_name, ImageRow.id, RegionRow.position)


def _check_count(changes: Sequence[Change]) -> None:
    if len(changes) > MAX_CHANGES:
        raise AnnotationError(
            tr(
                "This would change more than {max_changes:,} words at once; choose fewer photos.",
                max_changes=MAX_CHANGES,
            )
        )


def _last_reason(session: Session, image_id: int, state: str) -> str | None:
    """Why the image was last put into this state; None if no reason was given."""
    query = select(ReviewRow.reason).where(ReviewRow.image_id == image_id, ReviewRow.after == state)
    return session.scalar(query.order_by(ReviewRow.id.desc()).limit(1))


def _image_name(store: Store, image_id: int) -> str:
    found = store.images_by_id([image_id])
    return found[0].name if found else tr("a photo that was deleted")
