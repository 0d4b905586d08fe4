"""Label Studio tasks (JSON), written by us or exported by Label Studio."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TypeGuard

from annotation.formats.detection import Source
from annotation.formats.entries import (
    Entry,
    ExportItem,
    FilePrediction,
    FormatError,
    RegionReader,
    read_files,
    read_json,
    read_text,
    reject,
)
from annotation.formats.export_notes import ExportNotes
from annotation.formats.image_files import find_file
from annotation.label_studio.annotations import annotator, choose_annotation, is_submitted, one_line
from annotation.label_studio.export_tasks import to_task, validate
from annotation.label_studio.json_min import is_record, to_tasks
from annotation.label_studio.labelling_config import CONFIG
from annotation.label_studio.task_images import (
    UPLOADED,
    decode_data_url,
    describe_missing_image,
    image_path,
    image_url,
    task_data,
)
from annotation.label_studio.tasks import GEOMETRIES, TaskError, from_results
from annotation.region import ParsedRegions
from annotation.review import STATES
from spotter.language import tr

FILE = "tasks.json"
CONFIG_FILE = "labelling-configuration.xml"  # in an exported folder
ASPECT_TOLERANCE = 0.02  # relative difference of aspect ratios: rounding of a scaled image
MAX_NAME = 60  # characters of an image's name where a message only has to say which task it is
MAX_SIDE = 1e9  # pixels, far beyond any image


def title() -> str:
    return tr("Label Studio tasks (JSON)")


def recognises(source: Source) -> bool:
    return bool(_task_files(source))


def _task_files(source: Source) -> list[Path]:
    found = []
    for path in source.files("*.json"):
        content = source.json(path)
        tasks = content if isinstance(content, list) else [content]
        if any(task_data(task) or is_record(task) for task in tasks):
            found.append(path)
    return found


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file of tasks, or of all such files of a folder. Raises FormatError."""
    files = _task_files(Source(path)) if path.is_dir() else [path]
    return read_files(files or [path / FILE], partial(_read_file, images=images))


def _read_file(path: Path, images: Path | None) -> list[Entry]:
    content, folders = read_json(read_text(path), path.name), [images, path.parent]
    if isinstance(content, list) and content and all(is_record(record) for record in content):
        return _read_json_min(content, path.name, folders)
    entries = read_tasks(content, path.name, folders)
    if not entries:
        raise FormatError(tr("{name} contains no tasks.", name=path.name))
    return entries


def _read_json_min(records: list[dict], name: str, folders: list[Path | None]) -> list[Entry]:
    """No photo is done: what the export lacks, a person has to see."""
    converted = to_tasks(records)
    entries = read_tasks([task for task, _ in converted], name, folders)
    for entry, (task, notes) in zip(entries, converted, strict=True):
        entry.notes += notes
        entry.submitted = False
        entry.state = "in work" if task["annotations"] else None
    entries[0].general_notes.append(json_min_note())
    return entries


def read_tasks(tasks: object, name: str, folders: Iterable[Path | None] = ()) -> list[Entry]:
    """Entries of decoded tasks; `name`: of the file, for messages; `folders`: where images may be.

    Raises FormatError.
    """
    if isinstance(tasks, dict):
        tasks = [tasks]
    if not isinstance(tasks, list) or (tasks and not any(task_data(task) for task in tasks)):
        raise FormatError(
            tr("{name} is not a list of Label Studio tasks; export it there as JSON.", name=name)
        )
    folders = list(folders)
    entries: list[Entry] = []
    unlabelled: list[Entry] = []
    for i, task in enumerate(tasks, start=1):
        try:
            entries.append(_entry(task, i, name, folders))
        except FormatError as error:
            entries.append(reject(str(error)))
            continue
        if not task.get("annotations") and entries[-1].state is None:
            unlabelled.append(entries[-1])
    if unlabelled:  # one note: there may be thousands
        others = len(unlabelled) - 1
        note = tr("It has no annotation, nor have {number} other images.", number=others)
        unlabelled[0].notes.append(note if others else tr("It has no annotation."))
    return entries


def json_min_note() -> str:
    return tr(
        "This is Label Studio's JSON-MIN, without predictions and flags. It does not say which text belongs "
        "to which region: they were assigned in order. Check them, or export it there as JSON."
    )


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
    """Writes the tasks and their labelling configuration, with the images next to them. Nothing is lost, so
    there are no notes. Raises FormatError if Label Studio would reject the tasks."""
    tasks = [to_task(item) for item in items]
    if errors := validate(tasks):
        raise FormatError(tr("The export would be invalid: {error}", error=errors[0]))
    text = json.dumps(tasks, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / name).write_text(text + "\n", encoding="utf-8")
    (folder / CONFIG_FILE).write_text(CONFIG, encoding="utf-8")


def _entry(task: dict, number: int, file: str, folders: list[Path | None]) -> Entry:
    data = task_data(task)
    url = image_url(task)
    if url is None:
        raise FormatError(
            tr(
                "{file}, task {number}: {reason}",
                file=file,
                number=number,
                reason=describe_missing_image(task),
            )
        )
    path = image_path(url)
    name = data["name"] if isinstance(data.get("name"), str) and data["name"] else UPLOADED.sub("", path.name)
    found = Entry(name or f"task {number}", file=find_file(str(path), folders) or find_file(name, folders))
    where = found.where = tr(
        "{file}, task {number} ({name})", file=file, number=number, name=found.name[:MAX_NAME]
    )
    if found.file is None and url.startswith("data:"):
        try:
            found.file = decode_data_url(url)
        except ValueError as error:
            raise FormatError(tr("{where}: its image is not a valid data: URL.", where=where)) from error
    found.sha256 = data["sha256"] if isinstance(data.get("sha256"), str) else None
    found.state = data["state"] if data.get("state") in STATES else None
    found.version = data["version"] if type(data.get("version")) is int else 0
    found.added = data["added"] if isinstance(data.get("added"), str) else ""
    for prediction in _list(task, "predictions", where):
        if not isinstance(prediction, dict):  # a short export only lists their ids
            found.notes.append(tr("Its predictions are not in the file; include them in the export."))
            break
        version = prediction.get("model_version")
        version = one_line(version) if isinstance(version, str) else ""
        read = _reader(prediction.get("result"), "model", False)
        found.predictions.append(FilePrediction(version or "unknown", _score(prediction.get("score")), read))
    annotations = _list(task, "annotations", where)
    if not all(isinstance(annotation, dict) for annotation in annotations):
        raise FormatError(tr("{where}: the annotations must be objects.", where=where))
    chosen = choose_annotation(annotations, found.notes)
    if chosen is not None:
        found.submitted = is_submitted(chosen)
        found.who = annotator(chosen)
        found.read = _reader(chosen.get("result"), "import", found.submitted)
        if _is_detection_only(chosen.get("result")):
            found.notes.append(tr("No region has a text."))
            found.submitted, found.state = False, "in work"
    if task.get("drafts"):
        found.notes.append(tr("It has an unsubmitted draft in Label Studio, which was ignored."))
    return found


def _is_detection_only(results: object) -> bool:
    """Whether there are regions, but no text and no flag such as illegible."""
    kinds = [str(r.get("type")) for r in results if isinstance(r, dict)] if isinstance(results, list) else []
    return any(kind in GEOMETRIES for kind in kinds) and not {"textarea", "choices"} & set(kinds)


def _score(value: object) -> float | None:
    """None for anything but a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _list(task: dict, key: str, where: str) -> list:
    value = task.get(key) or []
    if not isinstance(value, list):
        raise FormatError(tr("{where}: {key} must be a list.", where=where, key=key))
    return value


def _reader(results: object, origin: str, submitted: bool) -> RegionReader:
    return partial(_read, results, origin, submitted)


def _read(results: object, origin: str, submitted: bool, width: int, height: int) -> ParsedRegions:
    """Raises TaskError, RegionError."""
    for result in results if isinstance(results, list) else ():
        _check_size(result, width, height)
    parsed = from_results(results, width, height, origin, submitted)
    if parsed.foreign and not parsed.regions and not parsed.faults:
        raise TaskError(
            tr("its labelling configuration has no polygons or rectangles, so it contains no words")
        )
    return parsed


def _check_size(result: object, width: int, height: int) -> None:
    """Percentages fit an image of any size, but not of another aspect ratio (a photo without its rotation).

    Raises TaskError.
    """
    if not isinstance(result, dict):
        return
    w, h = result.get("original_width"), result.get("original_height")
    if not (_is_side(w) and _is_side(h)):
        return
    if abs(w * height / (h * width) - 1) > ASPECT_TOLERANCE:
        raise TaskError(
            tr(
                "it was annotated on {w} x {h} pixels, but the upright image has {width} x {height}",
                w=w,
                h=h,
                width=width,
                height=height,
            )
        )


def _is_side(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < MAX_SIDE
