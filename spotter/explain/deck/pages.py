"""The slides of the deck, in the order of the story."""

from __future__ import annotations

from collections.abc import Callable

from spotter.explain.deck import detection, frame_pages, recognition, shared_layers
from spotter.explain.deck.lesson import Lesson
from spotter.explain.deck.slide import Slide
from spotter.language import tr

PAGES: dict[str, Callable[[Lesson], Slide]] = {
    "title": frame_pages.title_slide,
    "map": frame_pages.map_slide,
    "why": frame_pages.why_slide,
    "windows": shared_layers.windows_slide,
    "pyramid": shared_layers.pyramid_slide,
    "roi": shared_layers.roi_slide,
    "stages": detection.stages_slide,
    "shapes": detection.shapes_slide,
    "conversion": recognition.conversion_slide,
    "reader": recognition.reader_slide,
    "two-ways": frame_pages.two_ways_slide,
    "results": frame_pages.results_slide,
    "glossary": frame_pages.glossary_slide,
}


def page_names() -> dict[str, str]:
    """What each page is about, in the current language; keys as in PAGES."""
    return {
        "title": tr("Title"),
        "map": tr("Map of the network"),
        "why": tr("Why one network?"),
        "windows": tr("Swin: windows"),
        "pyramid": tr("Feature pyramid, all shapes"),
        "roi": "RoIAlign",
        "stages": tr("Detector: six stages"),
        "shapes": tr("Detector: masks and matching"),
        "conversion": tr("Recognition Conversion"),
        "reader": tr("Reader"),
        "two-ways": tr("Two ways compared"),
        "results": tr("Results on this photo"),
        "glossary": tr("Glossary, English and Korean"),
    }
