"""Deletes photos and projects: into the bin, or for good."""

from __future__ import annotations

import argparse
import getpass
from collections import defaultdict
from dataclasses import dataclass

from annotation.commands.stores import add_database_option, add_project_option, existing_store
from annotation.commands.terminal import confirm, printable
from annotation.region import AnnotationError
from annotation.store.bin import delete_images, list_bin
from annotation.store.project_changes import delete_project
from annotation.store.purge import BIN_TIME, erase_images, erase_project
from annotation.store.store import Store

IN_BIN = f"moved to the bin; the Correct tab can restore what is there for {BIN_TIME.days} days"


@dataclass(frozen=True)
class Delete:
    """Deletes photos by name, or a whole project: into the bin, where they stay for 30 days."""

    names: list[str]
    whole_project: bool
    same_name: bool
    for_good: bool
    yes: bool
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="of a photo, as `list` shows it")
        parser.add_argument("--whole-project", action="store_true", help="the project with all its photos")
        parser.add_argument("--same-name", action="store_true", help="all photos of a name that several have")
        parser.add_argument("--for-good", action="store_true", help="not into the bin; from there too")
        parser.add_argument("--yes", action="store_true", help="do not ask before deleting for good")
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> list[str]:
        if bool(self.names) == self.whole_project:
            raise AnnotationError("Name the photos to delete, or add --whole-project.")
        with existing_store(self.database) as store:
            project = store.find_project(self.project)
            return (
                self._delete_project(store, project) if self.whole_project else self._delete(store, project)
            )

    def _delete_project(self, store: Store, project: int) -> list[str]:
        photos = store.image_count(project)
        self._check_consent(f"the project {self.project} with {_photos(photos)}")
        delete_project(store, project, user_name())
        if self.for_good:
            return [f"deleted for good: {_photos(erase_project(store, project))}"]
        return [f"{_photos(photos)} {IN_BIN}"]

    def _delete(self, store: Store, project: int) -> list[str]:
        by_name = defaultdict(list)
        for image in store.image_list(project):
            by_name[image.name].append(image.id)
        for deleted in list_bin(store, project) if self.for_good else []:
            by_name[deleted.image.name].append(deleted.image.id)
        ids, lines = [], []
        for name in dict.fromkeys(self.names):
            found = by_name.get(name, [])
            if not found:
                lines.append(f"{name}: There is no such photo in the project.")
            elif len(found) > 1 and not self.same_name:
                lines.append(
                    f"{name}: {len(found)} photos have this name; add --same-name to delete them all."
                )
            else:
                ids += found
        lines = list(map(printable, lines))
        if not ids:
            raise AnnotationError("\n".join(["No photo was deleted.", *lines]))
        self._check_consent(_photos(len(ids)))
        number = delete_images(store, ids, user_name())
        if self.for_good:
            return [*lines, f"deleted for good: {_photos(erase_images(store, ids))}"]
        return [*lines, f"{_photos(number)} {IN_BIN}"]

    def _check_consent(self, what: str) -> None:
        if self.for_good and not self.yes and not confirm(printable(f"Delete {what} for good?")):
            raise AnnotationError("Nothing was deleted; answer yes, or add --yes.")


def _photos(number: int) -> str:
    return "1 photo" if number == 1 else f"{number} photos"


def user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # the user has no name here
        return ""
