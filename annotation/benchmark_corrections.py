"""The work of people in the database of `annotation.benchmark`: revisions and reviews of every image."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, literal, select, update

from annotation.store.store import Store
from annotation.store.tables import ImageRow, RegionRow, ReviewRow, RevisionRow

PEOPLE = ("ann", "bob")  # they take turns, one image a minute
SHIFT = 100  # images until the other one goes on
SECOND = "cai"  # corrects every tenth image again


def add_corrections(store: Store, images: int) -> None:
    """Two words of every image are corrected, and the image is done."""
    words = [region.to_json() for region in store.regions(1)]
    begin = datetime.now(UTC) - timedelta(minutes=images)
    with store.write() as session:
        for word in words:  # copied inside the database
            values = _revision(0, word, 1, "nano", "model", begin, before=None, after=word)
            columns = [literal(value, RevisionRow.__table__.c[name].type) for name, value in values.items()]
            rows = select(ImageRow.id, *columns[1:])
            session.execute(insert(RevisionRow).from_select(list(values), rows))
        session.execute(insert(RevisionRow), list(_corrections(images, words, begin)))
        session.execute(insert(ReviewRow), list(_reviews(images, begin)))
        session.execute(update(ImageRow).values(state="done", version=3))
        session.execute(update(RegionRow).values(locked=True))


def _corrections(images: int, words: list[dict], begin: datetime) -> Iterator[dict[str, Any]]:
    first, last = words[0], words[-1]
    moved = last | {"polygon": [[x + 3, y] for x, y in last["polygon"]]}
    for i in range(images):
        at, who = begin + timedelta(minutes=i), _person(i)
        yield _revision(i + 1, first, 2, who, "person", at, "text", first, first | {"text": "x"})
        if len(words) > 1:
            yield _revision(i + 1, last, 2, who, "person", at, "shape", last, moved)
        if i % 10 == 0:
            yield _revision(
                i + 1, first, 3, SECOND, "person", at, "text", first | {"text": "x"}, first | {"text": "y"}
            )


def _reviews(images: int, begin: datetime) -> Iterator[dict[str, Any]]:
    for i in range(images):
        at = begin + timedelta(minutes=i, seconds=20)
        yield {"image_id": i + 1, "who": _person(i), "at": at, "before": "in work", "after": "done"}


def _person(number: int) -> str:
    return PEOPLE[number // SHIFT % len(PEOPLE)]


def _revision(
    image: int,
    word: dict,
    version: int,
    who: str,
    source: str,
    at: datetime,
    kinds: str = "",
    before: dict | None = None,
    after: dict | None = None,
) -> dict[str, Any]:
    return {
        "image_id": image,
        "region_id": word["id"],
        "version": version,
        "who": who,
        "source": source,
        "at": at,
        "kinds": kinds,
        "before": before,
        "after": after,
    }
