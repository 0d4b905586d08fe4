"""Finds photos by their file name and words by their text, over a whole project.

Case and Unicode form make no difference: "été" finds "ÉTÉ", composed or not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from annotation.store.projects import in_project
from annotation.store.store import Store
from annotation.store.tables import ImageRow, RegionRow

MAX_QUERY = 200  # characters of what is searched for
MAX_COUNT = 10_000  # hits are counted up to here: to count on would take seconds
FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


@dataclass(frozen=True)
class Hit:
    """A photo whose name matches, or a word whose text does."""

    image_id: int
    image_name: str
    region_id: str | None = None  # None: the name matches
    text: str = ""


@dataclass(frozen=True)
class SearchResult:
    """The first hits, photos before words, and how many there are, up to MAX_COUNT."""

    hits: list[Hit] = field(default_factory=list)
    photos: int = 0
    words: int = 0


def search(store: Store, project_id: int, query: str, limit: int = 100) -> SearchResult:
    """The first `limit` photos and the first `limit` words; an empty query finds nothing."""
    query = query.strip()[:MAX_QUERY]
    if not query:
        return SearchResult()
    names = select(ImageRow.id, ImageRow.name).where(
        in_project(project_id), contains(store, ImageRow.name, query)
    )
    words = words_with(store, project_id, query)
    with store.read() as session:
        photos = session.execute(names.order_by(ImageRow.sort_name, ImageRow.id).limit(limit)).all()
        found = session.execute(words.order_by(ImageRow.sort_name, ImageRow.id).limit(limit)).all()
        counts = [_count(session, names, len(photos), limit), _count(session, words, len(found), limit)]
    hits = [Hit(image_id, name) for image_id, name in photos]
    hits += [Hit(image_id, name, region_id, text) for image_id, name, region_id, text in found]
    return SearchResult(hits, *counts)


def words_with(store: Store, project_id: int, query: str) -> Select:
    """Those of `words_of` that contain the query."""
    return words_of(project_id).where(contains(store, RegionRow.text, query))


def words_of(project_id: int) -> Select:
    """(image id, image name, region id, text) of the project's words."""
    return (
        select(ImageRow.id, ImageRow.name, RegionRow.id, RegionRow.text)
        .join_from(RegionRow, ImageRow, RegionRow.image_id == ImageRow.id)
        .where(in_project(project_id))
    )


def contains(store: Store, column: InstrumentedAttribute[str], query: str) -> ColumnElement[bool]:
    """Whether a text contains another one in any case and Unicode form; `%` and `_` stand for themselves.

    SQLite's LIKE ignores the case of ASCII letters alone, so others are looked for in their usual cases.
    """
    like = column.contains if store.engine.dialect.name == "sqlite" else column.icontains
    return or_(*(like(variant, autoescape=True) for variant in variants(query)))


def variants(query: str) -> Sequence[str]:
    """The spellings to look for: one for ASCII, else those of each case and Unicode form."""
    if query.isascii():
        return [query]
    cases = (query, query.lower(), query.upper(), query.title(), query.casefold())
    return sorted({unicodedata.normalize(form, text) for text in cases for form in FORMS})


def _count(session, query: Select, found: int, limit: int) -> int:
    if found < limit:
        return found
    return session.scalar(select(func.count()).select_from(query.limit(MAX_COUNT).subquery())) or 0
