"""Statistics of a project."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from annotation.commands.stores import add_database_option, add_project_option, existing_store
from annotation.commands.terminal import aligned, printable
from annotation.region import AnnotationError
from annotation.statistics_tables import tables, to_csv
from annotation.store.statistics import project_statistics


@dataclass(frozen=True)
class Stats:
    """Shows who did how much, how far people agree, and what they corrected per model version."""

    csv: Path | None
    database: str
    project: str

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write the numbers to a new file too")
        add_database_option(parser)
        add_project_option(parser)

    def run(self) -> list[str]:
        if self.csv is not None and self.csv.exists():
            raise AnnotationError(f"{self.csv} already exists; choose another name.")
        with existing_store(self.database) as store:
            found = project_statistics(store, store.find_project(self.project))
        if self.csv is not None:
            self.csv.write_text(to_csv(found), encoding="utf-8-sig", newline="")  # Excel needs the mark
        lines: list[str] = []
        for table in tables(found):
            shown = (
                aligned(table.columns, table.rows, table.names) if table.rows else [printable(table.empty)]
            )
            lines += [table.title, "", *shown, "", *([table.note, ""] if table.rows else [])]
        return lines[:-1]
