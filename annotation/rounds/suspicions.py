"""Warnings about corrections that look wrong: training on them would make the spotter worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from annotation.change_log import quote
from annotation.region import Region
from annotation.rounds.config import RoundConfig
from spotter.language import tr
from spotter.ops.polygons import signed_area
from spotter.ops.shapes import overlapping_pairs

MAX_NAMES = 3  # of photos in a warning


@dataclass
class Suspicions:
    """Collects photos one by one; `warnings` are whole sentences."""

    config: RoundConfig
    photos: int = 0
    emptied: list[str] = field(default_factory=list)  # names of photos whose predicted words were all deleted
    covered: list[str] = field(default_factory=list)  # photos full of regions
    contradictory: list[str] = field(default_factory=list)  # one word marked twice, with different texts
    texts: Counter[str] = field(default_factory=Counter)
    without_text: int = 0

    def add(
        self, name: str, size: tuple[int, int], regions: Sequence[Region], predicted: Collection[Region]
    ) -> None:
        """`size`: width and height in pixels; `predicted`: what the spotter had found."""
        self.photos += 1
        if predicted and not regions:
            self.emptied.append(name)
        area = sum(abs(signed_area(region.polygon)) for region in regions)
        if area >= self.config.covered_share * size[0] * size[1]:
            self.covered.append(name)
        if _contradicts_itself(regions, self.config.same_word_iou):
            self.contradictory.append(name)
        legible = [region for region in regions if not region.illegible]
        self.texts.update(region.text for region in legible if region.text)
        self.without_text += sum(not region.text for region in legible)

    def update(self, other: Suspicions) -> None:
        self.photos += other.photos
        self.emptied += other.emptied
        self.covered += other.covered
        self.contradictory += other.contradictory
        self.texts.update(other.texts)
        self.without_text += other.without_text

    def warnings(self) -> list[str]:
        found = []
        if self._is_suspicious(self.emptied):
            found.append(tr("All words were deleted in {photos}.", photos=_photos(self.emptied)))
        if self._is_suspicious(self.covered):
            found.append(tr("Regions cover nearly all of {photos}.", photos=_photos(self.covered)))
        if self._is_suspicious(self.contradictory):
            photos = _photos(self.contradictory)
            found.append(tr("Words are marked twice, with different texts, in {photos}.", photos=photos))
        words = self.texts.total()
        for text, count in self.texts.most_common(1):
            if words >= self.config.min_words and count > self.config.same_text_share * words:
                sentence = tr(
                    "{number:d} of {total:d} words have the same text, {text}.",
                    number=count,
                    total=words,
                    text=quote(text),
                )
                found.append(sentence)
        regions = words + self.without_text
        if regions >= self.config.min_words and self.without_text > self.config.empty_text_share * regions:
            found.append(
                tr("{number:d} of {total:d} regions have no text.", number=self.without_text, total=regions)
            )
        return found

    def _is_suspicious(self, names: Sequence[str]) -> bool:
        return bool(names) and len(names) >= self.config.suspicious_share * self.photos


def _contradicts_itself(regions: Sequence[Region], min_iou: float) -> bool:
    marked = [region for region in regions if region.text and not region.illegible]
    polygons = [region.polygon for region in marked]
    return any(
        i < j and marked[i].text.casefold() != marked[j].text.casefold()
        for _, i, j in overlapping_pairs(polygons, polygons, min_iou)
    )


def _photos(names: Sequence[str]) -> str:
    """'3 photos: a.jpg, b.jpg, c.jpg'."""
    shown = ", ".join(names[:MAX_NAMES])
    if len(names) > MAX_NAMES:
        shown = tr("{names} and others", names=shown)
    if len(names) == 1:
        return tr("1 photo: {names}", names=shown)
    return tr("{number:d} photos: {names}", number=len(names), names=shown)
