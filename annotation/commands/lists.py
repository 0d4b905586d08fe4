"""Lists projects and photos, and finds photos and words: a line each, with tabs between the columns."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from annotation.commands.stores import add_database_option, add_project_option, existing_store
from annotation.commands.terminal import tab_separated
from annotation.pattern import matcher
from annotation.region import AnnotationError
from annotation.review import STATES
from annotation.store.listing import find_all, find_matching, list_photos, list_projects


@dataclass(frozen=True)
class List:
    """Lists projects (name, photos, done) or photos (name, state, regions, last change, by whom)."""

    state: str | None
    database: str
    project: str | None

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--state", choices=STATES, help="only photos in this state")
        add_database_option(parser)
        parser.add_argument("--project", metavar="NAME", help="list its photos (default: list the projects)")

    def run(self) -> Iterator[str]:
        if self.state and self.project is None:
            raise AnnotationError("Add --project: only photos have a state.")
        with existing_store(self.database) as store:
            if self.project is None:
                for one in list_projects(store):
                    yield tab_separated(one.name, one.photos, one.done)
                return
            for photo in list_photos(store, store.find_project(self.project), self.state):
                at = photo.changed_at.isoformat(timespec="seconds") if photo.changed_at else ""
                yield tab_separated(photo.name, photo.state, photo.regions, at, photo.changed_by or "")


@dataclass(frozen=True)
class Find:
    """Finds photos by name and regions by text (photo, text, x1, y1, x2, y2 in pixels)."""

    text: str
    regex: bool
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("text", metavar="TEXT", help="part of a name or text, in any case")
        parser.add_argument(
            "--regex", action="store_true", help="TEXT is a regular expression; upper and lower case differ"
        )
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> Iterator[str]:
        if not self.text.strip():
            raise AnnotationError("The text to find is empty.")
        matches = matcher(self.text) if self.regex else None
        with existing_store(self.database) as store:
            found = False
            project = store.find_project(self.project)
            hits = find_matching(store, project, matches) if matches else find_all(store, project, self.text)
            for hit, polygon in hits:
                xs, ys = zip(*polygon, strict=True) if polygon else ((), ())
                box = [f"{v:g}" for v in (min(xs), min(ys), max(xs), max(ys))] if polygon else [""] * 4
                yield tab_separated(hit.image_name, hit.text, *box)
                found = True
            if not found:
                raise AnnotationError("Nothing was found.")
