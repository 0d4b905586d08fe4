"""Label Studio tasks (JSON), written by us or exported by Label Studio."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard
from urllib.parse import quote

from annotation.formats.detection import Source
from annotation.formats.entries import (
    Entry,
    ExportItem,
    FilePrediction,
    FormatError,
    RegionReader,
    read_json,
    read_text,
    reject,
)
from annotation.formats.export_notes import ExportNotes
from annotation.formats.image_files import find_file
from annotation.label_studio.labelling_config import CONFIG
from annotation.label_studio.task_images import (
    IMAGE_KEYS,
    UPLOADED,
    decode_data_url,
    describe_missing_image,
    image_path,
    image_url,
    task_data,
)
from annotation.label_studio.tasks import GEOMETRIES, TaskError, check_results, from_results, to_results
from annotation.region import ParsedRegions
from annotation.review import STATES

FILE = "tasks.json"
TITLE = "Label Studio tasks (JSON)"
CONFIG_FILE = "labelling-configuration.xml"  # in an exported folder
MAX_LINE = 180  # characters of a model version or an annotator's e-mail address
ASPECT_TOLERANCE = 0.02  # relative difference of aspect ratios: rounding of a scaled image
MAX_NAME = 60  # characters of an image's name where a message only has to say which task it is
MAX_SIDE = 1e9  # pixels, far beyond any image


def recognises(source: Source) -> bool:
    return bool(_task_files(source))


def _task_files(source: Source) -> list[Path]:
    found = []
    for path in source.files("*.json"):
        content = source.json(path)
        tasks = content if isinstance(content, list) else [content]
        if any(task_data(task) or _is_short(task) for task in tasks):
            found.append(path)
    return found


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file of tasks, or of a folder with tasks.json or another such file. Raises FormatError."""
    if path.is_dir():
        others = [] if (path / FILE).exists() else _task_files(Source(path))
        path = others[0] if others else path / FILE
    entries = read_tasks(read_json(read_text(path), path.name), path.name, [images, path.parent])
    if not entries:
        raise FormatError(f"{path.name} contains no tasks.")
    return entries


def read_tasks(tasks: object, name: str, folders: Iterable[Path | None] = ()) -> list[Entry]:
    """Entries of decoded tasks; `name`: of the file, for messages; `folders`: where images may be.

    Raises FormatError.
    """
    if isinstance(tasks, dict):
        tasks = [tasks]
    if not isinstance(tasks, list) or (tasks and not any(task_data(task) for task in tasks)):
        raise FormatError(
            f"{name} is not a list of Label Studio tasks; export it there as JSON (not JSON-MIN)."
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
        others = f", nor have {len(unlabelled) - 1} other images" if len(unlabelled) > 1 else ""
        unlabelled[0].notes.append(f"It has no annotation{others}.")
    return entries


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
    """Writes the tasks and their labelling configuration, with the images next to them. Nothing is lost, so
    there are no notes. Raises FormatError if Label Studio would reject the tasks."""
    tasks = [to_task(item) for item in items]
    if errors := validate(tasks):
        raise FormatError(f"The export would be invalid: {errors[0]}")
    text = json.dumps(tasks, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / name).write_text(text + "\n", encoding="utf-8")
    (folder / CONFIG_FILE).write_text(CONFIG, encoding="utf-8")


def to_task(item: ExportItem, url: str | None = None) -> dict:
    """A task with the predictions, and the current regions as its annotation.

    `url`: of the image; by default in Label Studio's local storage, with the exported folder as its root.
    """
    image = item.image
    size = (image.width, image.height)
    task: dict = {
        "data": {
            "image": url or f"/data/local-files/?d={quote(item.file)}",
            "name": image.name,
            "sha256": image.sha256,
            "width": image.width,
            "height": image.height,
            "state": image.state,
            "version": image.version,
            "added": image.added.isoformat(),
        },
        "predictions": [
            {"model_version": p.model_version, "result": to_results(p.regions, *size, scores=True)}
            | ({} if p.score is None else {"score": p.score})
            for p in item.predictions
        ],
        "annotations": [],
    }
    if image.state != "new" or any(region.locked for region in item.regions):
        task["annotations"] = [
            {"result": to_results(item.regions, *size), "ground_truth": image.state == "approved"}
        ]
    return task


def validate(tasks: list[dict]) -> list[str]:
    """Errors in tasks, one sentence each: the SDK's check, and ours for what it misses."""
    from label_studio_sdk.label_interface import LabelInterface  # late: takes seconds to import

    interface: Any = LabelInterface(CONFIG)  # its type hints are wrong
    errors = []
    for task in tasks:
        name = task["data"].get("name", "")
        if not interface.validate_task({"data": task["data"]}):
            errors.append(f"The task of {name} lacks its image.")
        for part in (*task["predictions"], *task["annotations"]):
            # An annotation is checked as a prediction: the results have the same form.
            checked = {"model_version": "annotation", "score": 0.0} | part
            found = [
                *(interface.validate_prediction(checked, return_errors=True) or []),
                *check_results(part["result"]),
            ]
            errors += [f"{name}: {sentence}" for sentence in found]
    return errors


def _is_short(task: object) -> bool:
    """Whether it is from an export as JSON-MIN, which `read` refuses with a better message."""
    return (
        isinstance(task, dict) and "id" in task and any(isinstance(task.get(key), str) for key in IMAGE_KEYS)
    )


def _entry(task: dict, number: int, file: str, folders: list[Path | None]) -> Entry:
    data = task_data(task)
    url = image_url(task)
    if url is None:
        raise FormatError(f"{file}, task {number}: {describe_missing_image(task)}")
    path = image_path(url)
    name = data["name"] if isinstance(data.get("name"), str) and data["name"] else UPLOADED.sub("", path.name)
    found = Entry(name or f"task {number}", file=find_file(str(path), folders) or find_file(name, folders))
    where = found.where = f"{file}, task {number} ({found.name[:MAX_NAME]})"
    if found.file is None and url.startswith("data:"):
        try:
            found.file = decode_data_url(url)
        except ValueError as error:
            raise FormatError(f"{where}: its image is not a valid data: URL.") from error
    found.sha256 = data["sha256"] if isinstance(data.get("sha256"), str) else None
    found.state = data["state"] if data.get("state") in STATES else None
    found.version = data["version"] if type(data.get("version")) is int else 0
    found.added = data["added"] if isinstance(data.get("added"), str) else ""
    for prediction in _list(task, "predictions", where):
        if not isinstance(prediction, dict):  # a short export only lists their ids
            found.notes.append("Its predictions are not in the file; include them in the export.")
            break
        version = prediction.get("model_version")
        version = _one_line(version) if isinstance(version, str) else ""
        read = _reader(prediction.get("result"), "model", False)
        found.predictions.append(FilePrediction(version or "unknown", _score(prediction.get("score")), read))
    annotations = _list(task, "annotations", where)
    if not all(isinstance(annotation, dict) for annotation in annotations):
        raise FormatError(f"{where}: the annotations must be objects.")
    chosen = choose_annotation(annotations, found.notes)
    if chosen is not None:
        found.submitted = _submitted(chosen)
        found.who = _annotator(chosen)
        found.read = _reader(chosen.get("result"), "import", found.submitted)
        if _is_detection_only(chosen.get("result")):
            found.notes.append("No region has a text.")
            found.submitted, found.state = False, "in work"
    if task.get("drafts"):
        found.notes.append("It has an unsubmitted draft in Label Studio, which was ignored.")
    return found


def _is_detection_only(results: object) -> bool:
    """Whether there are regions, but no text and no flag such as illegible."""
    kinds = [str(r.get("type")) for r in results if isinstance(r, dict)] if isinstance(results, list) else []
    return any(kind in GEOMETRIES for kind in kinds) and not {"textarea", "choices"} & set(kinds)


def choose_annotation(annotations: list[dict], notes: list[str]) -> dict | None:
    """The annotation to import: ground truth before others, then the newest; never a cancelled one."""
    valid = [annotation for annotation in annotations if not annotation.get("was_cancelled")]
    if len(valid) < len(annotations):
        notes.append(f"Cancelled annotations that were ignored: {len(annotations) - len(valid)}.")
    if not valid:
        return None
    order = [
        (bool(a.get("ground_truth")), str(a.get("updated_at") or a.get("created_at") or ""), i)
        for i, a in enumerate(valid)
    ]
    best = max(order)
    if len(valid) > 1:
        why = "ground truth" if best[0] else "newest"
        people = ", ".join(dict.fromkeys(filter(None, map(_annotator, valid))))
        by = f" of {people}" if people else ""
        notes.append(f"It has {len(valid)} annotations{by}; only the {why} one was imported.")
    return valid[best[2]]


def _submitted(annotation: dict) -> bool:
    """Whether a person has submitted it in Label Studio: an imported annotation has an id and an owner too,
    but neither a lead time nor an accepted prediction."""
    has_no_lead_time = "lead_time" in annotation and annotation["lead_time"] is None
    if has_no_lead_time and not annotation.get("parent_prediction"):
        return False
    return any(annotation.get(key) for key in ("completed_by", "created_at", "id"))


def _annotator(annotation: dict) -> str:
    """The annotator's e-mail address, marked as from Label Studio; "" if unknown."""
    owner = annotation.get("completed_by")
    name = owner.get("email") if isinstance(owner, dict) else annotation.get("created_username")
    name = _one_line(name.split(",")[0]) if isinstance(name, str) else ""  # " ann@example.org, 1"
    return f"{name} (Label Studio)" if name else ""


def _score(value: object) -> float | None:
    """None for anything but a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _one_line(text: str) -> str:
    """Printable and short enough for the database."""
    return "".join(character for character in text if character.isprintable()).strip()[:MAX_LINE]


def _list(task: dict, key: str, where: str) -> list:
    value = task.get(key) or []
    if not isinstance(value, list):
        raise FormatError(f"{where}: {key} must be a list.")
    return value


def _reader(results: object, origin: str, submitted: bool) -> RegionReader:
    return partial(_read, results, origin, submitted)


def _read(results: object, origin: str, submitted: bool, width: int, height: int) -> ParsedRegions:
    """Raises TaskError, RegionError."""
    for result in results if isinstance(results, list) else ():
        _check_size(result, width, height)
    parsed = from_results(results, width, height, origin, submitted)
    if parsed.foreign and not parsed.regions and not parsed.faults:
        raise TaskError("its labelling configuration has no polygons or rectangles, so it contains no words")
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
        raise TaskError(f"it was annotated on {w} x {h} pixels, but the upright image has {width} x {height}")


def _is_side(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < MAX_SIDE
