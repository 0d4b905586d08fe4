"""What an export could not represent: how often, with examples."""

from __future__ import annotations

from annotation.region import Region
from annotation.store.records import ImageRecord

MAX_EXAMPLES = 3  # per kind of note
MAX_TEXT = 40  # characters of an example


class ExportNotes:
    """Counts per kind of loss; a project may have thousands of regions with the same one."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, what: str, example: str = "") -> None:
        """`what`: the kind, followed by a count in the report: "texts with line breaks, left out"."""
        self._counts[what] = self._counts.get(what, 0) + 1
        examples = self._examples.setdefault(what, [])
        if example and len(examples) < MAX_EXAMPLES:
            examples.append(example)

    def add_region(self, what: str, image: ImageRecord, region: Region) -> None:
        self.add(what, f"{image.name} {region.text[:MAX_TEXT]!r}" if region.text else image.name)

    def lines(self) -> list[str]:
        """One per kind: "texts with line breaks, left out: 2 (a.jpg 'x\\ny', b.jpg 'z\\n')"."""
        return [self._line(what, count) for what, count in self._counts.items()]

    def _line(self, what: str, count: int) -> str:
        examples = list(dict.fromkeys(self._examples[what]))
        more = ", ..." if count > len(self._examples[what]) else ""
        return f"{what}: {count}" + (f" ({', '.join(examples)}{more})" if examples else "")
