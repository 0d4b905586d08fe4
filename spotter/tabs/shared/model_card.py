"""Shows a model card on the page: figures, training data and settings, learning curve."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from spotter.language import tr

MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&])")  # characters with a meaning in Markdown
PHOTOGRAPHS = "photographs"  # in the names of sets of photographs
CURVES = {
    "recognition": "none",
    "characters": "6 4",
    "giou": "2 3",
}  # losses; their dashes, so that no colour is needed
WIDTH, HEIGHT, LEFT, BOTTOM = 640, 240, 44, 36  # of the curve's picture and its margins, pixels


class CardError(ValueError):
    """A model card that is invalid; the message is one sentence."""


def read_card(weights: Path) -> dict:
    """Reads the model card next to a file of weights; {} if there is none. Raises CardError."""
    file = weights.with_suffix(".json")
    if not file.is_file():
        return {}
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(card, dict):
            raise TypeError("not an object")
        ability(card)
        describe_card(card)
        curve_picture(card)
    except (ValueError, TypeError, AttributeError, KeyError, OSError) as error:
        raise CardError(
            f"The model card {file} is invalid; remove it or replace it by the right one."
        ) from error
    return card


def describe_card(card: dict) -> str:
    """The model card as Markdown: figures first, then how the weights were trained."""
    if not card:
        return tr("These weights have no model card, so how they were trained is unknown.")
    figures = measured(card)
    lines = []
    if figures:
        names = (
            tr("measured on"),
            tr("images"),
            tr("detection H-mean"),
            tr("end-to-end H-mean"),
            tr("lexicon"),
            tr("calibration error"),
        )
        lines += [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
        lines += [f"| {' | '.join(cells(name, report))} |" for name, report in figures.items()]
        lines.append("")
    for name, report in card.get("figures", {}).items():
        if name not in figures and report.get("images"):
            mean = report["detection"]["found"] / report["images"]
            values = {"set": plain(name), "mean": mean, "count": report["images"]}
            lines.append(tr("- **{set}**: {mean:.2f} words per image, {count} images", **values))
    lists = {
        "terms": tr("Terms of the training data"),
        "experiments": tr("Experiments and their results"),
    }
    rest = {key: value for key, value in card.items() if key not in ("figures", "curve", *lists)}
    lines += [f"- **{plain(key.replace('_', ' '))}**: {describe(value)}" for key, value in rest.items()]
    for key, title in lists.items():
        if entries := card.get(key):
            lines += ["", f"**{title}**", ""]
            lines += [f"1. {describe(entry)}" for entry in entries]
    return "\n".join(lines)


def measured(card: dict) -> dict[str, dict]:
    """The reports on data sets with words, by the name of the set."""
    return {
        name: report
        for name, report in card.get("figures", {}).items()
        if "end_to_end" in report and report["detection"].get("true", 1)
    }


def cells(name: str, report: dict) -> list[str]:
    """The cells of a report in the table; "-" for what was not measured."""
    kinds = ("detection", "end_to_end", "end_to_end_lexicon")
    scores = [f"{report[kind]['hmean']:.3f}" if report.get(kind) else "-" for kind in kinds]
    error = report.get("calibration_error")
    return [plain(name), describe(report["images"]), *scores, "-" if error is None else f"{error:.3f}"]


def ability(card: dict) -> str:
    """What the weights read, and how well on photographs (else on the set they read worst); "" if unknown."""
    figures = measured(card)
    if not figures:
        return ""
    on_photographs = [name for name in figures if PHOTOGRAPHS in name]
    if on_photographs:
        name, where = on_photographs[0], tr("street photographs")
    else:
        name = min(figures, key=lambda name: figures[name]["end_to_end"]["hmean"])
        where = f"*{plain(name)}*"
    found, read = (round(100 * figures[name][kind]["recall"]) for kind in ("detection", "end_to_end"))
    return tr(
        "Reads Latin letters, digits and signs. Of 100 words on {where} it finds {found} and reads {read} "
        "without a mistake.",
        where=where,
        found=found,
        read=read,
    )


def describe(value: object) -> str:
    """Formats a value of the card as Markdown."""
    if isinstance(value, list):
        return " · ".join(map(describe, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.3g}" if isinstance(value, float) else plain(str(value))


def plain(text: str) -> str:
    """Escapes text for Markdown, on one line: a card is untrusted input."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def legend() -> dict[str, str]:
    """Of the losses of CURVES."""
    return {
        "recognition": tr("solid: recognition"),
        "characters": tr("dashed: characters at their centres"),
        "giou": tr("dotted: boxes (GIoU)"),
    }


def curve_picture(card: dict) -> str:
    """The losses over the number of images as SVG with a caption; "" if the card has no curve."""
    rows = [row for row in card.get("curve", []) if row.get("images")]
    curves = {name: [(r["images"], r[name]) for r in rows if r.get(name) is not None] for name in CURVES}
    curves = {name: points for name, points in curves.items() if len(points) > 1}
    if not curves:
        return ""
    seen = [x for points in curves.values() for x, _ in points]
    first, last = min(seen), max(seen)  # a run may continue another one
    high = max(y for points in curves.values() for _, y in points) or 1.0  # avoids a division by zero

    def place(x: float, y: float) -> str:
        across, up = (x - first) / max(1, last - first), y / high
        return f"{LEFT + across * (WIDTH - LEFT - 8):.1f},{8 + (1 - up) * (HEIGHT - BOTTOM - 8):.1f}"

    lines = [
        f'<polyline points="{" ".join(place(*p) for p in points)}" fill="none" stroke="currentColor" '
        f'stroke-width="1.5" stroke-dasharray="{CURVES[name]}"/>'
        for name, points in curves.items()
    ]
    ticks = [
        f'<text x="{LEFT - 6}" y="{8 + (1 - part) * (HEIGHT - BOTTOM - 8) + 4:.0f}" text-anchor="end">'
        f"{part * high:.1f}</text>"
        for part in (0, 0.5, 1)
    ]
    axis = f'<path d="M{LEFT},8V{HEIGHT - BOTTOM}H{WIDTH - 8}" fill="none" stroke="currentColor"/>'
    most = escape(tr("{count:,.0f} images", count=last))
    below = (
        f'<text x="{LEFT}" y="{HEIGHT - 14}">{first:,.0f}</text>'
        f'<text x="{WIDTH - 8}" y="{HEIGHT - 14}" text-anchor="end">{most}</text>'
    )
    entries = legend()
    caption = tr("Losses during training ({legend}).", legend="; ".join(entries[name] for name in curves))
    return (
        f'<figure style="margin:0;max-width:{WIDTH}px"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(tr("Losses during training"))}" style="width:100%;font-size:12px" '
        f'fill="currentColor">'
        f"{axis}{''.join(lines)}{''.join(ticks)}{below}</svg>"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
