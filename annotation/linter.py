"""What to look at before an export or a training round. Polygons are in pixels of the upright image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from shapely import is_valid
from shapely.geometry import Polygon

from annotation.geometry import overlaps, without_crossings
from annotation.region import Region
from annotation.store.store import Store

SAME = 0.8  # IoU above which two regions are one word twice
SMALLEST_AREA = 12.0  # square pixels: no letter can be read in less
SMALLEST_SIDE = 2.0  # pixels of the bounding box


@dataclass(frozen=True)
class Finding:
    """Something about an image or one of its regions."""

    image_id: int
    region_id: str | None  # None: the whole image
    rule: str  # unknown, long, spaces, crossing, tiny, duplicate, empty or bare
    message: str  # one sentence; holds texts of regions, so show it as text, never as markup
    fixable: bool


def lint(
    store: Store, project_id: int, characters: str | None = None, longest: int | None = None
) -> Iterator[Finding]:
    """Findings of all images of a project by name.

    `characters`: those that the reader knows (`spotter.charset.characters`); `longest`: the most it reads
    in a word (`max_steps - 1` of its configuration). Without them these two rules rest.
    """
    for image in store.image_list(project_id):
        yield from lint_regions(image.id, store.regions(image.id), characters, longest)


def lint_regions(
    image_id: int, regions: Sequence[Region], characters: str | None = None, longest: int | None = None
) -> Iterator[Finding]:
    """Findings of one image."""
    if not regions:
        yield Finding(image_id, None, "bare", "The image has no region.", False)
        return
    for region in regions:
        for rule, message, fixable in _check(region, characters, longest):
            yield Finding(image_id, region.id, rule, message, fixable)
    sound = [r for r in regions if Polygon(r.polygon).area > 0]
    polygons = [r.polygon for r in sound]
    twice: dict[str, Region] = {}
    for _, i, j in overlaps(polygons, polygons, SAME):
        if i < j:
            worse, better = sorted((sound[i], sound[j]), key=_worth)
            twice.setdefault(worse.id, better)
    for worse, better in twice.items():
        message = f"It covers the same place as another region, which reads {better.text!r}."
        yield Finding(image_id, worse, "duplicate", message, True)


def fix(store: Store, finding: Finding, who: str) -> bool:
    """Fixes one finding on the regions as they are now; False when there is nothing to fix any more.

    Raises VersionConflict when somebody saves in the same moment, NotFoundError.
    """
    repair = FIXES.get(finding.rule)
    opened = store.open_image(finding.image_id)
    still = [f for f in lint_regions(finding.image_id, opened.regions) if _same_place(f, finding)]
    if repair is None or not still:
        return False
    fixed = [
        r for region in opened.regions if (r := repair(region) if region.id == finding.region_id else region)
    ]
    return store.save_regions(finding.image_id, opened.image.version, fixed, who) != opened.image.version


def _check(region: Region, characters: str | None, longest: int | None) -> Iterator[tuple[str, str, bool]]:
    """(rule, message, fixable) of one region."""
    text = region.text
    if text != text.strip():
        yield "spaces", f"The text {text!r} begins or ends with spaces.", True
    text = text.strip()
    if not text and not region.illegible:
        yield "empty", "The text is empty, but the region is not marked as illegible.", True
    if text and not region.illegible:
        unknown = [] if characters is None else sorted(set(text) - set(characters))
        if unknown:
            yield "unknown", f"The reader does not know {' '.join(unknown)} in {text!r}.", False
        if longest is not None and len(text) > longest:
            yield "long", f"The text has {len(text)} characters; the reader reads at most {longest}.", False
    polygon = Polygon(region.polygon)
    x1, y1, x2, y2 = polygon.bounds
    if min(x2 - x1, y2 - y1) < SMALLEST_SIDE or without_area(region):
        yield "tiny", f"The polygon is tiny: {x2 - x1:g} x {y2 - y1:g} pixels.", True
    elif not is_valid(polygon):
        yield "crossing", "The polygon crosses itself.", without_crossings(region.polygon) is not None


def without_area(region: Region) -> bool:
    outline = region.polygon if is_valid(Polygon(region.polygon)) else without_crossings(region.polygon)
    return outline is None or Polygon(outline).area < SMALLEST_AREA


def _worth(region: Region) -> tuple:
    """Of two regions in one place the one that is worth more stays: a person's, with text, the surer one."""
    return region.locked, bool(region.text), region.score or 0.0, region.id


def _same_place(first: Finding, second: Finding) -> bool:
    return (first.rule, first.region_id) == (second.rule, second.region_id)


def _uncross(region: Region) -> Region:
    return replace(region, polygon=without_crossings(region.polygon) or region.polygon)


# Rule -> the region as it should be, or None when it should go.
FIXES: dict[str, Callable[[Region], Region | None]] = {
    "spaces": lambda region: replace(region, text=region.text.strip()),
    "empty": lambda region: replace(region, illegible=True),
    "crossing": _uncross,
    "tiny": lambda region: None,
    "duplicate": lambda region: None,
}
