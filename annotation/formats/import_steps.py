"""Imports in one transaction, or, for predictions alone, in many short ones: people save meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from annotation.formats.entries import Entry, FormatError
from annotation.formats.importing import ImportReport, import_entries
from annotation.store.store import Store
from annotation.upload import Progress

IMAGES_AT_ONCE = 100


def import_in_steps(
    store: Store,
    project: str,
    entries: Sequence[Entry],
    who: str,
    strict: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """`import_entries`; predictions without regions, some images at a time.

    What was imported stays if a later step fails; the next import adds the rest. Raises FormatError.
    """
    if strict or len(entries) <= IMAGES_AT_ONCE or any(entry.read or entry.state for entry in entries):
        return import_entries(store, project, entries, who, strict)
    report, failures = ImportReport(), 0
    steps = range(0, len(entries), IMAGES_AT_ONCE)
    for start in steps:
        some = entries[start : start + IMAGES_AT_ONCE]
        try:
            _add(report, import_entries(store, project, some, who))
        except FormatError as error:  # nothing of these is valid
            report.faults += str(error).splitlines()
            failures += 1
        if progress:
            progress(start + len(some), len(entries), some[-1].name)
    if failures == len(steps):
        raise FormatError("\n".join(report.faults))
    return report


def _add(report: ImportReport, part: ImportReport) -> None:
    for field in fields(ImportReport):
        setattr(report, field.name, getattr(report, field.name) + getattr(part, field.name))
