"""Label Studio tasks (JSON), ours or exported by Label Studio."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, quote, unquote, urlsplit

from annotation.formats.entries import Entry, FormatError, Item, Reader, FilePrediction, find_file, read_json, read_text
from annotation.label_studio.tasks import CONFIG, Reading, TaskError, check_results, from_results, to_results
from annotation.region import RegionError
from annotation.store.review import STATES

FILE = "tasks.json"
CONFIG_FILE = "labelling-configuration.xml"  # of an exported folder
MAX_LINE = 180  # characters of a model's version or an annotator's address
SHAPE_TOLERANCE = 0.02  # of width to height: whole pixels of a scaled image
UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.)")  # Label Studio puts this before the name of an uploaded file


def read(path: Path, images: Path | None = None) -> list[Entry]:
    """Entries of a file of tasks (or of the folder that holds tasks.json). Raises FormatError."""
    if path.is_dir():
        path = path / FILE
    entries = read_tasks(read_json(read_text(path), path.name), path.name, [images, path.parent])
    if not entries:
        raise FormatError(f"{path.name} holds no task.")
    return entries


def read_tasks(tasks: object, name: str, folders: Iterable[Path | None] = ()) -> list[Entry]:
    """Entries of decoded tasks; `name`: of the file, for sentences; `folders`: where images may be."""
    if isinstance(tasks, dict):
        tasks = [tasks]
    if not isinstance(tasks, list) or not all(isinstance(task, dict) and has_image(task) for task in tasks):
        raise FormatError(
            f"{name} is not a list of Label Studio tasks; export it there as JSON (not JSON-MIN)."
        )
    folders = list(folders)
    return [_entry(task, i, name, folders) for i, task in enumerate(tasks, start=1)]


def write(folder: Path, name: str, items: Iterable[Item], notes: list[str]) -> None:
    """Writes the tasks and the labelling configuration they are for; the images lie beside them. Nothing is
    lost, so there are no notes. Raises FormatError when Label Studio would refuse it."""
    tasks = [to_task(item) for item in items]
    if wrong := validate(tasks):
        raise FormatError(f"The export would not be right: {wrong[0]}")
    text = json.dumps(tasks, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / name).write_text(text + "\n", encoding="utf-8")
    (folder / CONFIG_FILE).write_text(CONFIG, encoding="utf-8")


def to_task(item: Item, url: str | None = None) -> dict:
    """One task: predictions as the models said them, and the regions as a person left them as the annotation.

    `url`: of the image; by default in Label Studio's local files, with the exported folder as their root.
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
    """Sentences about what is wrong, by the SDK's check and by ours for what that one misses."""
    from label_studio_sdk.label_interface import LabelInterface  # late: takes seconds to import

    interface = LabelInterface(CONFIG)
    wrong = []
    for task in tasks:
        name = task["data"].get("name", "")
        if not interface.validate_task({"data": task["data"]}):
            wrong.append(f"The task of {name} lacks its image.")
        for part in (*task["predictions"], *task["annotations"]):
            # An annotation's results have the form of a prediction's.
            checked = {"model_version": "annotation", "score": 0.0} | part
            found = [
                *(interface.validate_prediction(checked, return_errors=True) or []),
                *check_results(part["result"]),
            ]
            wrong += [f"{name}: {sentence}" for sentence in found]
    return wrong


def has_image(task: dict) -> bool:
    data = task.get("data")
    return isinstance(data, dict) and image_address(data) is not None


def image_address(data: dict) -> str | None:
    """Of the image of a task."""
    return next((data[key] for key in ("image", "ocr") if isinstance(data.get(key), str)), None)


def _entry(task: dict, number: int, file: str, folders: list[Path | None]) -> Entry:
    data = task["data"]
    path = image_path(image_address(data))
    name = data["name"] if isinstance(data.get("name"), str) and data["name"] else UPLOADED.sub("", path.name)
    found = Entry(name or f"task {number}", find_file(str(path), folders) or find_file(name, folders))
    where = f"{file}, task {number} ({found.name})"
    found.sha256 = data["sha256"] if isinstance(data.get("sha256"), str) else None
    found.state = data["state"] if data.get("state") in STATES else None
    found.version = data["version"] if type(data.get("version")) is int else 0
    found.added = data["added"] if isinstance(data.get("added"), str) else ""
    for prediction in _list(task, "predictions", where):
        if not isinstance(prediction, dict):  # a short export lists their numbers alone
            found.notes.append("Its predictions are not in the file; export with them to have them too.")
            break
        version = prediction.get("model_version")
        version = _one_line(version) if isinstance(version, str) else ""
        score = prediction.get("score")
        score = float(score) if type(score) in (int, float) and 0 <= score <= 1 else None
        found.said.append(
            FilePrediction(version or "unknown", score, _reader(prediction.get("result"), where, "model", False))
        )
    annotations = _list(task, "annotations", where)
    if not all(isinstance(annotation, dict) for annotation in annotations):
        raise FormatError(f"{where}: the annotations must be objects.")
    chosen = choose(annotations, found.notes)
    if chosen is not None:
        found.submitted = _submitted(chosen)
        found.who = _annotator(chosen)
        found.read = _reader(chosen.get("result"), where, "import", found.submitted)
    elif not annotations and found.state is None:
        found.notes.append("It has no annotation.")
    if task.get("drafts"):
        found.notes.append("It has a draft that nobody submitted in Label Studio; it was left out.")
    return found


def choose(annotations: list[dict], notes: list[str]) -> dict | None:
    """The annotation that counts: ground truth before others, then the newest; cancelled ones never."""
    valid = [annotation for annotation in annotations if not annotation.get("was_cancelled")]
    if len(valid) < len(annotations):
        notes.append(f"Cancelled annotations were left out: {len(annotations) - len(valid)}.")
    if not valid:
        return None
    order = [
        (bool(a.get("ground_truth")), str(a.get("updated_at") or a.get("created_at") or ""), i)
        for i, a in enumerate(valid)
    ]
    best = max(order)
    if len(valid) > 1:
        why = "ground truth" if best[0] else "newest"
        notes.append(f"It has {len(valid)} annotations; the {why} one was taken, the others left out.")
    return valid[best[2]]


def _submitted(annotation: dict) -> bool:
    """Whether a person has finished it in Label Studio: what only came in there from elsewhere has a number
    and an owner too, but no time of work and no prediction that was accepted."""
    untouched = "lead_time" in annotation and annotation["lead_time"] is None
    if untouched and not annotation.get("parent_prediction"):
        return False
    return any(annotation.get(key) for key in ("completed_by", "created_at", "id"))


def _annotator(annotation: dict) -> str:
    """Who made an annotation, as far as it says so."""
    owner = annotation.get("completed_by")
    name = owner.get("email") if isinstance(owner, dict) else annotation.get("created_username")
    name = _one_line(name.split(",")[0]) if isinstance(name, str) else ""  # " ann@example.org, 1"
    return f"{name} (Label Studio)" if name else ""


def _one_line(text: str) -> str:
    """As the columns of the database take it."""
    return "".join(sign for sign in text if sign.isprintable()).strip()[:MAX_LINE]


def image_path(url: str) -> PurePosixPath:
    """The path that an image's address names, relative to whatever serves it; empty when it names none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return PurePosixPath("")
    if parts.scheme == "data":
        return PurePosixPath("")
    served = parse_qs(parts.query).get("d")
    return PurePosixPath(served[0] if served else unquote(parts.path))


def _list(task: dict, key: str, where: str) -> list:
    value = task.get(key) or []
    if not isinstance(value, list):
        raise FormatError(f"{where}: {key} must be a list.")
    return value


def _reader(results: object, where: str, origin: str, submitted: bool) -> Reader:
    return partial(_read, results, where, origin, submitted)


def _read(results: object, where: str, origin: str, submitted: bool, width: int, height: int) -> Reading:
    """Raises FormatError that names the task."""
    try:
        for result in results if isinstance(results, list) else ():
            _check_size(result, width, height)
        reading = from_results(results, width, height, origin, submitted)
        if reading.foreign and not reading.regions:
            raise TaskError(
                "its labelling configuration has no polygons or rectangles, so there are no words in it"
            )
        return reading
    except (TaskError, RegionError) as error:
        raise FormatError(f"{where}: {str(error).rstrip('.')}.") from error


def _check_size(result: object, width: int, height: int) -> None:
    """Percent mean the same on any size of the image, but not on another shape of it (an unturned photo)."""
    if not isinstance(result, dict):
        return
    there = (result.get("original_width"), result.get("original_height"))
    known = all(type(n) in (int, float) and 0 < n < 1e9 for n in there)
    if known and abs(there[0] * height / (there[1] * width) - 1) > SHAPE_TOLERANCE:
        seen = f"{there[0]} x {there[1]} pixels"
        raise TaskError(f"it was annotated on {seen}, but the upright image has {width} x {height}")
