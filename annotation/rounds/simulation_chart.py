"""The chart of a simulation: end-to-end H over the corrected photos, a line per order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from annotation.rounds.simulation import Point
from spotter.explain.canvas import BLUE, GREEN, ORANGE

COLOURS = (BLUE, ORANGE, GREEN)
MARKERS = "osD^vPX"  # the lines can be told apart without colours
SIZE = (7.0, 4.2)  # inches
RESOLUTION = 150  # pixels per inch
BAND = 0.15  # opacity of the spread


def write_chart(curves: Mapping[str, Sequence[Point]], title: str, file: Path) -> None:
    """A PNG. Raises OSError."""
    from matplotlib.figure import Figure  # slow to import

    figure = Figure(figsize=SIZE, dpi=RESOLUTION, layout="constrained")
    axes = figure.subplots()
    for number, (order, points) in enumerate(curves.items()):
        colour = tuple(channel / 255 for channel in COLOURS[number % len(COLOURS)])
        photos, means = [point.photos for point in points], [100 * point.mean for point in points]
        low = [100 * (point.mean - point.spread) for point in points]
        high = [100 * (point.mean + point.spread) for point in points]
        style = "-" if number < len(COLOURS) else "--"
        axes.plot(photos, means, style, color=colour, marker=MARKERS[number % len(MARKERS)], label=order)
        axes.fill_between(photos, low, high, color=colour, alpha=BAND, linewidth=0)
    axes.set_xlabel("corrected photos")
    axes.set_ylabel("end-to-end H on the test photos (%)")
    axes.set_title(title, loc="left", size=10, parse_math=False)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if curves:
        axes.legend(frameon=False)
    figure.savefig(file, format="png")
