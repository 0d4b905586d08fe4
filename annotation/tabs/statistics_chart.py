"""A bar chart of what people corrected, per model version: readable on a phone, and without colours."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from annotation.corrections import MISTAKES
from annotation.statistics import Mistakes
from annotation.statistics_tables import kind_labels
from spotter.explain.canvas import BLUE, GREEN, ORANGE, Colour
from spotter.explain.deck.pdf import plain_text
from spotter.language import tr

STYLES: list[tuple[Colour, str]] = [(BLUE, ""), (ORANGE, "//"), (GREEN, "..")]  # newest first
WIDTH = 3.2  # inches; the page shows it 300 pixels wide on a phone
BAR = 0.15  # inches per bar
MARGIN = 1.2  # inches above and below the bars
RESOLUTION = 250  # pixels per inch
MAX_LABEL = 40  # characters of a model version


def corrections_chart(models: Sequence[Mistakes]) -> Image.Image | None:
    """Corrections per 100 words, of the newest versions with checked words; None without any."""
    shown = [one for one in models if one.words][: len(STYLES)]
    if not shown:
        return None
    from matplotlib.figure import Figure  # slow to import

    size = (WIDTH, MARGIN + BAR * len(MISTAKES) * (len(shown) + 1))
    figure = Figure(figsize=size, dpi=RESOLUTION, layout="constrained")
    axes = figure.subplots()
    for number, (one, (colour, hatch)) in enumerate(zip(shown, STYLES, strict=False)):
        values = [100 * one.kinds.get(kind, 0) / one.words for kind in MISTAKES]
        places = [kind * (len(shown) + 1) + number for kind in range(len(MISTAKES))]
        bars = axes.barh(
            places,
            values,
            0.9,
            color=[channel / 255 for channel in colour],
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=plain_text(one.model_version[:MAX_LABEL]),
        )
        axes.bar_label(bars, [f"{value:.1f}" for value in values], padding=3, size=8)
    middle, labels = (len(shown) - 1) / 2, kind_labels()
    axes.set_yticks(
        [kind * (len(shown) + 1) + middle for kind in range(len(MISTAKES))],
        [labels[kind] for kind in MISTAKES],
        size=9,
    )
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(tr("corrections per 100 words"), size=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper left", frameon=False, fontsize=8)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return Image.open(stream)
