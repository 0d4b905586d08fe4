"""Finds problems before an export or a training round. Polygons are in pixels of the upright image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from shapely import is_valid
from shapely.geometry import Polygon

from annotation.region import DECIMALS, Region
from annotation.review import CONFIRMED_STATES
from annotation.store.records import ImageRecord
from annotation.store.store import Store
from annotation.text_checks import (
    foreign_letters,
    is_masked,
    is_placeholder,
    leftover,
    script_name,
    script_of,
    unknown_characters,
)
from spotter.language import tr
from spotter.ops.shapes import overlapping_pairs, remove_self_intersections

DUPLICATE_IOU = 0.8  # minimum IoU of two regions that mark the same word, ...
SAME_TEXT_IOU = 0.5  # ... and of two with the same text
USUAL_SHARE = 0.95  # of the texts that are in one script, so that others are suspicious ...
MIN_TEXTS = 20  # ... in a project with at least so many
MAX_FOREIGN = 1000  # texts in another script that are listed
MAX_SHOWN = 20  # unknown characters in a message
MIN_AREA = 12.0  # square pixels: no letter is readable in less
MIN_SIDE = 2.0  # pixels of the bounding box


@dataclass(frozen=True)
class Finding:
    """A problem of an image or one of its regions."""

    image_id: int
    region_id: str | None  # None for the whole image
    # unknown, long, spaces, crossing, tiny, duplicate, empty, bare, placeholder, masked, leftover, lookalike,
    # script, characters or unchecked
    rule: str
    message: str  # one sentence; contains texts of regions, so never render it as markup
    fixable: bool


def lint(
    store: Store, project_id: int, characters: str | None = None, max_length: int | None = None
) -> Iterator[Finding]:
    """Findings of a project's images, ordered by name, then those of the whole project.

    `characters`: the recogniser's character set (`spotter.charset.characters`); `max_length`: of the words it
    can read (`max_steps - 1` of its configuration). None disables the rule.
    """
    overview = _Overview(characters)
    for image in store.image_list(project_id):
        regions = store.regions(image.id)
        overview.add(image, regions)
        yield from lint_regions(image.id, regions, characters, max_length)
    yield from overview.findings()


def lint_regions(
    image_id: int, regions: Sequence[Region], characters: str | None = None, max_length: int | None = None
) -> Iterator[Finding]:
    """Findings of one image."""
    if not regions:
        yield Finding(image_id, None, "bare", tr("The image has no region."), False)
        return
    for region in regions:
        for rule, message, fixable in _check(region, characters, max_length):
            yield Finding(image_id, region.id, rule, message, fixable)
    valid = [r for r in regions if Polygon(r.polygon).area > 0]
    polygons = [r.polygon for r in valid]
    duplicates: dict[str, Region] = {}  # id of the worse region -> the better one
    for iou, i, j in overlapping_pairs(polygons, polygons, SAME_TEXT_IOU):
        has_same_text = valid[i].text.strip() == valid[j].text.strip() != ""
        if i < j and (iou >= DUPLICATE_IOU or has_same_text):
            worse, better = sorted((valid[i], valid[j]), key=_quality)
            duplicates.setdefault(worse.id, better)
    for region_id, better in duplicates.items():
        message = tr("It covers the same area as another region, which reads {text!r}.", text=better.text)
        yield Finding(image_id, region_id, "duplicate", message, True)


@dataclass
class _Overview:
    """What only all regions of a project show."""

    characters: str | None = None  # of the recogniser
    unknown: set[str] = field(default_factory=set)  # other characters
    first_image: int | None = None
    regions: int = 0
    imported: int = 0
    is_checked: bool = False  # at least partly
    scripts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[int, Region]]] = field(default_factory=dict)  # regions by script

    def add(self, image: ImageRecord, regions: Sequence[Region]) -> None:
        self.first_image = image.id if self.first_image is None else self.first_image
        self.regions += len(regions)
        self.imported += sum(region.origin == "import" for region in regions)
        self.is_checked |= image.state in CONFIRMED_STATES or any(region.locked for region in regions)
        if self.characters is not None:
            texts = [region.text.strip() for region in regions if not region.illegible]
            self.unknown.update(unknown_characters(texts, self.characters))
        for region in regions:
            if not region.illegible and (script := script_of(region.text)):
                self.scripts[script] += 1
                examples = self.examples.setdefault(script, [])
                if len(examples) < MAX_FOREIGN:
                    examples.append((image.id, region))

    def findings(self) -> Iterator[Finding]:
        total = self.scripts.total()
        usual, count = self.scripts.most_common(1)[0] if total else ("", 0)
        if total >= MIN_TEXTS and USUAL_SHARE * total <= count < total:
            for script in sorted(self.scripts.keys() - {usual}):
                for image_id, region in self.examples[script]:
                    message = tr(
                        "The text {text!r} is {script}, but nearly all others are {usual}.",
                        text=region.text,
                        script=script_name(script),
                        usual=script_name(usual),
                    )
                    yield Finding(image_id, region.id, "script", message, False)
        if self.unknown and self.first_image is not None:
            shown = " ".join(sorted(self.unknown)[:MAX_SHOWN])
            message = tr(
                "Characters of this project that the model does not know yet: {characters}. "
                "The next round (tab Rounds) teaches them.",
                characters=shown + (", ..." if len(self.unknown) > MAX_SHOWN else ""),
            )
            yield Finding(self.first_image, None, "characters", message, False)
        if self.imported and not self.is_checked and self.first_image is not None:
            message = tr(
                "Nobody has checked any of the {number} words yet; go through the photos first.",
                number=self.regions,
            )
            yield Finding(self.first_image, None, "unchecked", message, False)


def fix(store: Store, finding: Finding, who: str) -> bool:
    """Fixes a finding on the current regions; returns False if it no longer applies.

    Raises NotFoundError, and VersionConflict if somebody else saves at the same time.
    """
    repair = FIXES.get(finding.rule)
    opened = store.open_image(finding.image_id)
    current = {(f.rule, f.region_id) for f in lint_regions(finding.image_id, opened.regions)}
    if repair is None or (finding.rule, finding.region_id) not in current:
        return False
    fixed = [
        r for region in opened.regions if (r := repair(region) if region.id == finding.region_id else region)
    ]
    return store.save_regions(finding.image_id, opened.image.version, fixed, who) != opened.image.version


def _check(region: Region, characters: str | None, max_length: int | None) -> Iterator[tuple[str, str, bool]]:
    """(rule, message, fixable) of one region."""
    text = region.text
    if text != text.strip():
        yield "spaces", tr("The text {text!r} begins or ends with spaces.", text=text), True
    text = text.strip()
    if not text and not region.illegible:
        yield "empty", tr("The text is empty, but the region is not marked as illegible."), True
    if text and not region.illegible:
        unknown = [] if characters is None else sorted(set(text) - set(characters))
        if unknown:
            characters = " ".join(unknown)
            message = tr("The model cannot read {characters} in {text!r}.", characters=characters, text=text)
            yield "unknown", message, False
        if max_length is not None and len(text) > max_length:
            message = tr(
                "The text has {number} characters; the model reads at most {limit}.",
                number=len(text),
                limit=max_length,
            )
            yield "long", message, False
        yield from _check_text(text)
    polygon = Polygon(region.polygon)
    x1, y1, x2, y2 = polygon.bounds
    if min(x2 - x1, y2 - y1) < MIN_SIDE or _has_no_area(region):
        message = tr("The polygon is tiny: {width:g} x {height:g} pixels.", width=x2 - x1, height=y2 - y1)
        yield "tiny", message, True
    elif not is_valid(polygon):
        yield "crossing", tr("The polygon crosses itself."), without_crossings(region.polygon) is not None


def _check_text(text: str) -> Iterator[tuple[str, str, bool]]:
    if is_masked(text):
        message = tr(
            "The text {text!r} means that it cannot be read; mark the region as illegible.", text=text
        )
        yield "masked", message, True
    elif is_placeholder(text):
        message = tr("The text {text!r} looks like a placeholder; type what is written there.", text=text)
        yield "placeholder", message, False
    elif left := leftover(text):
        message = tr(
            "The text {text!r} begins with {start!r}; remove it if it is not written there.",
            text=text,
            start=left,
        )
        yield "leftover", message, False
    if foreign := foreign_letters(text):
        kinds = tr(" and ").join(map(script_name, sorted({script_of(letter) for letter in foreign})))
        message = tr(
            "The Latin text {text!r} has letters that are {kinds} ({letters}); type them again.",
            text=text,
            kinds=kinds,
            letters=foreign,
        )
        yield "lookalike", message, False


def without_crossings(points: list[list[float]]) -> list[list[float]] | None:
    """The outline of the largest part of a self-crossing polygon, clockwise; None if nothing is left."""
    outline = remove_self_intersections(points)
    return (
        None if outline is None else [[round(x, DECIMALS), round(y, DECIMALS)] for x, y in outline.tolist()]
    )


def _has_no_area(region: Region) -> bool:
    outline = region.polygon if is_valid(Polygon(region.polygon)) else without_crossings(region.polygon)
    return outline is None or Polygon(outline).area < MIN_AREA


def _quality(region: Region) -> tuple:
    """Sort key: of two duplicates the locked one is better, then one with a text, then the more confident."""
    return region.locked, bool(region.text), region.score or 0.0, region.id


def _uncross(region: Region) -> Region:
    return replace(region, polygon=without_crossings(region.polygon) or region.polygon)


# Rule -> the repaired region, or None to delete it.
FIXES: dict[str, Callable[[Region], Region | None]] = {
    "spaces": lambda region: replace(region, text=region.text.strip()),
    "empty": lambda region: replace(region, illegible=True),
    "masked": lambda region: replace(region, text="", illegible=True),
    "crossing": _uncross,
    "tiny": lambda region: None,
    "duplicate": lambda region: None,
}
