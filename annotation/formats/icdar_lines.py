"""The lines of ICDAR's ground truth files and their variants; the majority of a set's lines decides which.

`x1,y1,...,x4,y4,text` (ICDAR 2015) or polygons of any number of points (ArT, and ours); rectangles
`left, top, right, bottom, "text"` (ICDAR 2013); a column before the text with the script (MLT 2017, 2019) or
with a flag for difficult words (RCTW-17); `####` before the text (CTW1500), or, in its first release, a
rectangle and 14 points from its corner on; `x: [[...]], y: [[...]]` (Total-Text); `index difficult x y width
height angle` (MSRA-TD500). Separators are commas, tabs, semicolons or spaces.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from annotation.region import MAX_POINTS, RegionError
from spotter.data.icdar import DO_NOT_CARE
from spotter.language import tr

# No leading zeros: the 000 of a text such as 36,000,000 is not a coordinate.
NUMBER = re.compile(r"\s*[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?(e-?[0-9]+)?\s*")
SEPARATORS = (",", "\t", ";", " ")
SCRIPTS = ("Arabic", "Latin", "Chinese", "Japanese", "Korean", "Bangla", "Hindi", "Symbols", "Mixed", "None")
MAJORITY = 0.9  # of the lines that must have a column, so that it is one and no part of the texts
MIN_QUOTED = 10  # lines, of which most are quoted, so that the quotes are not part of the texts
CURVED_PREFIX = "####"  # before each text of CTW1500
CURVED_NUMBERS = 32  # of CTW1500's first release: left, top, right, bottom and 14 points
MAX_PAST = 5  # pixels by which these points may leave the rectangle
TOTAL_TEXT = re.compile(
    r"x:\s*\[\[([-\d.,\s]+)\]\]\s*,\s*y:\s*\[\[([-\d.,\s]+)\]\]\s*,.*transcriptions:\s*\[(.*)\]\s*", re.DOTALL
)
EXPECTED = "expected x1,y1,...,x4,y4,text"
Item = TypeVar("Item")


@dataclass(frozen=True)
class Form:
    """What the numbers and the texts of a set of lines mean."""

    separator: str = ","
    numbers: int | None = 8  # before the text; None if polygons have different numbers of points
    is_td500: bool = False
    is_total_text: bool = False
    is_offsets: bool = False  # of CTW1500's first release
    is_yolo: bool = False  # which contains no texts
    has_scripts: bool = False
    has_flags: bool = False
    has_curved_prefix: bool = False
    has_quotes: bool = False
    notes: list[str] = field(default_factory=list)  # what is unusual, for the report


def split_records(content: str) -> list[tuple[int, str]]:
    """(line number, record): the lines that are not blank; a record of Total-Text may take several lines."""
    # Not splitlines(): it also breaks at characters that a text may contain, such as U+2028.
    lines = [(number, line.rstrip("\r")) for number, line in enumerate(content.split("\n"), start=1)]
    records: list[tuple[int, str]] = []
    for number, line in lines:
        if records and records[0][1].startswith("x:") and line.strip() and not line.startswith("x:"):
            records[-1] = (records[-1][0], f"{records[-1][1]}\n{line}")
        elif line.strip():
            records.append((number, line))
    return records


def looks_like_ground_truth(content: str) -> bool:
    """Whether the first line has coordinates of a region."""
    first = next((line for _, line in split_records(content)), "")
    return first.startswith("x:") or any(
        _count_numbers(_fields(first, separator)) >= 4 for separator in SEPARATORS
    )


def find_form(records: Iterable[str]) -> Form:
    """The form that most records of a set have."""
    records = list(records)
    if _most(records, lambda record: record.startswith("x:")):
        return Form(is_total_text=True, notes=[tr("The files are in the form of Total-Text.")])
    counts = {
        separator: sum(_count_numbers(_fields(record, separator)) >= 4 for record in records)
        for separator in SEPARATORS
    }
    separator = max(counts, key=lambda key: counts[key])
    rows = [_fields(record, separator) for record in records]
    numbers = [_count_numbers(row) for row in rows]
    notes = [] if separator == "," else [_separator_note(separator)]
    if _most(rows, lambda row: len(row) == 7 == _count_numbers(row) and abs(float(row[6])) <= math.pi):
        notes = [tr("The files are in the form of MSRA-TD500: turned rectangles without texts.")]
        return Form(separator, 7, is_td500=True, notes=notes)
    if _most(rows, _is_offsets):
        notes = [tr("The files are in the form of CTW1500's first release: curved regions without texts.")]
        return Form(separator, CURVED_NUMBERS, is_offsets=True, notes=notes)
    if _most(rows, _is_yolo):
        return Form(separator, is_yolo=True)
    # A text that is a number looks like further coordinates: lines with other texts decide.
    clear = [count for row, count in zip(rows, numbers, strict=True) if count < len(row)] or numbers
    common = Counter(clear).most_common(1)
    if common and common[0][0] in (4, 5) and common[0][1] >= MAJORITY * len(clear):
        count: int | None = 4
        notes.append(tr("Lines with four numbers are rectangles: left, top, right, bottom."))
    elif all(count in (8, 9) for count in clear):
        count = 8  # 9 with the flag of RCTW-17
    else:
        count = None
    texts = [text for row in rows if (text := _rest(row, count)) and "".join(text).strip()]
    form = Form(separator, count, notes=notes)
    if not texts:
        return form
    joined = [separator.join(text).strip() for text in texts]
    if _most(texts, lambda text: len(text) > 1 and text[0].strip() in SCRIPTS):
        found = sorted({text[0].strip() for text in texts})
        notes.append(
            tr("The column with the script ({known}) is not part of the texts.", known=", ".join(found))
        )
        return Form(separator, count, has_scripts=True, notes=notes)
    if _most(texts, lambda text: _has_flag(text) and _is_quoted(text[1:], separator)):
        notes.append(tr("The column 0 or 1 before the texts marks difficult words, and is not part of them."))
        notes.append(tr("Quotes around texts were removed."))
        return Form(separator, count, has_flags=True, has_quotes=True, notes=notes)
    if _most(joined, lambda text: text.startswith(CURVED_PREFIX)):
        notes.append(tr("{curved_prefix} before each text is not part of it.", curved_prefix=CURVED_PREFIX))
        return Form(separator, count, has_curved_prefix=True, notes=notes)
    quoted = _most(texts, lambda text: _is_quoted(text, separator))
    if quoted and (count == 4 or len(texts) >= MIN_QUOTED):
        notes.append(tr("Quotes around texts were removed."))
        return Form(separator, count, has_quotes=True, notes=notes)
    return form


def parse_record(record: str, form: Form) -> dict:
    """Polygon, text and flags of one record. Raises RegionError."""
    if form.is_total_text:
        return _total_text(record)
    row = _fields(record, form.separator)
    if form.is_td500:
        return _td500(row)
    if form.is_offsets:
        return _offsets(row)
    found = _count_numbers(row)
    if form.numbers is not None:
        count = form.numbers
    elif found == len(row) and found >= 8 and found % 2 == 0:
        count = found  # no text
    else:
        count = min(found, len(row) - 1) // 2 * 2
        # More than six numbers before the text of a triangle: a quadrilateral with something missing.
        if count < 6 or (count == 6 and found > 6):
            count = max(found, 8)
    if found < count:
        raise RegionError(
            tr(
                "found {found} numbers in {count} fields; {expected}.",
                found=found,
                count=len(row),
                expected=EXPECTED,
            )
        )
    if count > 2 * MAX_POINTS:
        raise RegionError(
            tr(
                "the polygon has {count} points; at most {max_points} are allowed.",
                count=count // 2,
                max_points=MAX_POINTS,
            )
        )
    values = [float(value) for value in row[:count]]
    if count == 4:
        left, top, right, bottom = values
        polygon = [[left, top], [right, top], [right, bottom], [left, bottom]]
    else:
        polygon = [values[i : i + 2] for i in range(0, count, 2)]
    rest, difficult = row[count:], False
    if form.has_scripts and len(rest) > 1 and rest[0].strip() in SCRIPTS:
        rest = rest[1:]
    if form.has_flags and _has_flag(rest):
        difficult, rest = rest[0].strip() == "1", rest[1:]
    text = form.separator.join(rest).strip()
    if form.has_quotes and _is_quoted([text], ""):
        text = text[1:-1].replace('\\"', '"')
    if form.has_curved_prefix:
        text = text.removeprefix(CURVED_PREFIX)
    return _values(polygon, text, text == DO_NOT_CARE, difficult)


def _total_text(record: str) -> dict:
    match = TOTAL_TEXT.fullmatch(record.strip())
    if match is None:
        raise RegionError(tr("expected x: [[...]], y: [[...]], ornt: [...], transcriptions: [...]."))
    xs, ys = ([float(n) for n in match[i].replace(",", " ").split()] for i in (1, 2))
    if len(xs) != len(ys):
        raise RegionError(tr("there are {xs} x and {ys} y coordinates.", xs=len(xs), ys=len(ys)))
    try:
        text = ast.literal_eval(match[3].strip() or "''")
    except (ValueError, SyntaxError) as error:
        raise RegionError(tr("the transcription is not a quoted text.")) from error
    text = str(text).strip()
    return _values([[x, y] for x, y in zip(xs, ys, strict=True)], text, text in ("#", DO_NOT_CARE))


def _td500(row: list[str]) -> dict:
    if len(row) != 7 or _count_numbers(row) != 7:
        raise RegionError(tr("expected index difficult x y width height angle."))
    _, difficult, x, y, width, height, angle = map(float, row)
    cos, sin = math.cos(angle), math.sin(angle)
    polygon = [
        [x + width / 2 + dx * cos - dy * sin, y + height / 2 + dx * sin + dy * cos]
        for dx, dy in (
            (-width / 2, -height / 2),
            (width / 2, -height / 2),
            (width / 2, height / 2),
            (-width / 2, height / 2),
        )
    ]
    return _values(polygon, "", False, difficult == 1)


def _offsets(row: list[str]) -> dict:
    if len(row) != CURVED_NUMBERS or _count_numbers(row) != CURVED_NUMBERS:
        raise RegionError(tr("expected {count} numbers: a rectangle and 14 points.", count=CURVED_NUMBERS))
    left, top, _, _, *points = map(float, row)
    return _values([[left + x, top + y] for x, y in zip(*_axes(points), strict=True)], "", False)


def _values(polygon: list[list[float]], text: str, illegible: bool, difficult: bool = False) -> dict:
    return {
        "polygon": polygon,
        "text": "" if illegible else text,
        "illegible": illegible,
        "difficult": difficult and not illegible,
    }


def _fields(record: str, separator: str) -> list[str]:
    """Spaces separate only the numbers; those of a text are part of it."""
    if separator != " ":
        return record.strip("\r\n").split(separator)
    fields, text = [], record.strip()
    while (parts := text.split(maxsplit=1)) and NUMBER.fullmatch(parts[0]):
        fields.append(parts[0])
        text = parts[1] if len(parts) > 1 else ""
    return fields + ([text] if text else [])


def _count_numbers(row: list[str]) -> int:
    return next((i for i, value in enumerate(row) if not NUMBER.fullmatch(value)), len(row))


def _is_yolo(row: list[str]) -> bool:
    """Whether a row is a class and coordinates relative to the size of the image."""
    return (
        _count_numbers(row) == len(row) in (5, 9)
        and row[0].strip().isdigit()
        and all(0 <= float(value) <= 1 for value in row[1:])
    )


def _is_offsets(row: list[str]) -> bool:
    """Whether a row is a rectangle and 14 points that are relative to its corner."""
    if not len(row) == _count_numbers(row) == CURVED_NUMBERS:
        return False
    left, top, right, bottom, *points = map(float, row)
    return all(
        min(values) >= -MAX_PAST and max(values) <= side + MAX_PAST
        for values, side in zip(_axes(points), (right - left, bottom - top), strict=True)
    )


def _axes(points: list[float]) -> tuple[list[float], list[float]]:
    """x and y of [x1, y1, x2, y2, ...]."""
    return points[::2], points[1::2]


def _rest(row: list[str], count: int | None) -> list[str]:
    """The fields after the coordinates."""
    return row[_count_numbers(row) // 2 * 2 if count is None else count :]


def _has_flag(fields: list[str]) -> bool:
    return len(fields) > 1 and fields[0].strip() in ("0", "1")


def _is_quoted(fields: list[str], separator: str) -> bool:
    text = separator.join(fields).strip()
    return len(text) > 1 and text[0] == '"' == text[-1]


def _separator_note(separator: str) -> str:
    return {
        "\t": tr("The fields are separated by tabs."),
        ";": tr("The fields are separated by semicolons."),
        " ": tr("The fields are separated by spaces."),
    }[separator]


def _most(items: list[Item], condition: Callable[[Item], bool]) -> bool:
    return bool(items) and sum(map(condition, items)) >= MAJORITY * len(items)
