"""Push to a Label Studio server and pull from it; both can be repeated, and overwrite nobody's work.

A task and an image belong together by the SHA-256 of the stored file, which every pushed task carries. What
an annotation there holds may be replaced when the image once had the same regions here; anything else is a
person's work there, which a pull brings here first.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.formats.entries import Entry, FormatError, Item
from annotation.formats.exporting import file_names
from annotation.formats.importing import ImportReport, import_entries
from annotation.formats.label_studio import choose, has_image, image_address, read_tasks, to_task, validate
from annotation.label_studio.client import ImageDownloadError, Server, ServerError, has_words, is_ours
from annotation.label_studio.tasks import from_results
from annotation.region import AnnotationError, Region
from annotation.store.records import ImageRecord, NotFoundError
from annotation.store.store import Store, history, same_content
from annotation.upload import Progress

WHO = "Label Studio"


@dataclass
class PushReport:
    """What went to the server, and what did not."""

    images_added: int = 0
    images_existing: int = 0
    predictions_added: int = 0
    annotations_added: int = 0
    annotations_changed: int = 0
    changed_remotely: list[str] = field(default_factory=list)  # images whose annotation there is not from here

    def lines(self) -> list[str]:
        return [
            f"images: {self.images_added} added, {self.images_existing} known",
            f"predictions: {self.predictions_added} added",
            f"annotations: {self.annotations_added} added, {self.annotations_changed} changed",
            *(
                f"{name}: somebody has corrected it in Label Studio; it stays as it is there, pull it first."
                for name in self.changed_remotely
            ),
        ]


def push(store: Store, project: str, server: Server, progress: Progress | None = None) -> PushReport:
    """Sends images, predictions and annotations of a project to the project of the same name there.

    A push that breaks off leaves whole tasks; the next one goes on. Raises AnnotationError.
    """
    images = store.image_list(store.find_project(project))
    if not images:
        raise AnnotationError(f"The project {project!r} has no image to push.")
    remote = server.find_project(project)
    if remote is not None and not is_ours(remote.label_config):
        raise ServerError(
            f"The project {project!r} at {server.url} has another labelling configuration; rename one."
        )
    remote = remote or server.make_project(project)
    there: dict[str, dict] = {}
    for task in server.tasks(remote):
        there.setdefault(str(task["data"].get("sha256")), task)
    report, names = PushReport(), file_names(images)
    newest: tuple = ()
    for number, image in enumerate(images):
        if progress:
            progress(number, len(images), image.name)
        try:
            opened = store.open_image(image.id)
            item = Item(names[image.id], opened.image, opened.regions, store.predictions(image.id))
            newest = max([newest, *((p.added, p.model_version) for p in item.predictions)])
            _push_image(store, server, remote.id, item, there.get(image.sha256), report)
        except ServerError as error:
            raise ServerError(
                f"{str(error).rstrip('.')}; {number} of {len(images)} images are pushed, push again to go on."
            ) from None
    if newest and report.predictions_added:
        _show_newest(server, remote, newest[1])
    if progress:
        progress(len(images), len(images), "")
    return report


def _push_image(
    store: Store, server: Server, remote: int, item: Item, task: dict | None, report: PushReport
) -> None:
    wanted = to_task(item, "" if task is None else task["data"]["image"])
    if task is None:
        wanted["data"]["image"] = item.file  # a stand-in: what is wrong is found before anything is sent
    if wrong := validate([wanted]):
        raise FormatError(f"The task would not be right: {wrong[0]}")
    if task is None:
        wanted["data"]["image"] = server.upload(remote, item.file, _stored(store, item.image))
        server.add_task(remote, wanted)
        report.images_added += 1
        report.predictions_added += len(wanted["predictions"])
        report.annotations_added += len(wanted["annotations"])
        return
    report.images_existing += 1
    known = {prediction["model_version"] for prediction in task["predictions"]}
    for prediction in wanted["predictions"]:
        if prediction["model_version"] not in known:
            server.add_prediction(task["id"], prediction)
            report.predictions_added += 1
    mine = wanted["annotations"][0] if wanted["annotations"] else None
    theirs = choose(task["annotations"], [])
    if theirs is None:
        if mine is not None:
            server.add_annotation(task["id"], mine)
            report.annotations_added += 1
    elif not _may_replace(store, item, theirs, task["data"]):
        report.changed_remotely.append(item.image.name)
        return
    elif mine is not None and not _agree(item, theirs):
        server.change_annotation(theirs["id"], mine)
        report.annotations_changed += 1
    # After the annotation: its version says what of the work here the annotation there holds.
    if (data := task["data"] | wanted["data"]) != task["data"]:
        server.change_data(task["id"], data)


def _stored(store: Store, image: ImageRecord) -> bytes:
    """The file of an image: upright, without EXIF."""
    try:
        return store.image_path(image).read_bytes()
    except OSError as error:
        raise AnnotationError(f"The stored file of the image {image.name} is missing.") from error


def _regions_there(item: Item, annotation: dict) -> list[Region] | None:
    """None: it holds what we cannot, so it is not from here."""
    try:
        found = from_results(annotation["result"], item.image.width, item.image.height, "import")
    except AnnotationError:
        return None
    return None if found.notes else found.regions


def _agree(item: Item, annotation: dict) -> bool:
    regions = _regions_there(item, annotation)
    approved = item.image.state == "approved"
    return bool(annotation["ground_truth"]) == approved and same_content(regions or [], item.regions)


def _may_replace(store: Store, item: Item, annotation: dict, data: dict) -> bool:
    regions = _regions_there(item, annotation)
    if regions is None:
        return False
    version, ours = data.get("version"), data.get("added") == item.image.added.isoformat()
    with store.read() as session:
        return history.was_ever_current(
            session, item.image.id, regions, version if ours and type(version) is int else 0
        )


def _show_newest(server: Server, remote: Any, model_version: str) -> None:
    """Unless the person at the server has chosen an ML backend, which then answers live."""
    chosen = server.project(remote.id).model_version
    if chosen != model_version and chosen not in server.backend_titles(remote.id):
        server.show_predictions_of(remote.id, model_version)


def pull(store: Store, project: str, server: Server, progress: Progress | None = None) -> ImportReport:
    """Takes what stands in the project of this name there into the project of the same name here.

    Everything or nothing. Raises AnnotationError.
    """
    remote = server.find_project(project)
    if remote is None:
        raise ServerError(f"There is no project {project!r} at {server.url}.")
    if not has_words(remote.label_config):
        raise ServerError(
            f"The labelling configuration of {project!r} at {server.url} has no regions with texts."
        )
    return take(store, project, server, server.tasks(remote), progress)


def take(
    store: Store, project: str, server: Server, tasks: list[dict], progress: Progress | None = None
) -> ImportReport:
    """Takes tasks of a server into a project, which is made when there is none. Raises AnnotationError."""
    entries: list[Entry] = []
    notes: list[str] = []
    known = _hashes(store, project)
    with tempfile.TemporaryDirectory(prefix="label-studio-") as folder:
        for number, task in enumerate(tasks):
            place = f"Task {task.get('id')} of Label Studio"
            if not has_image(task):
                notes.append(f"{place} has no image and was left out.")
                continue
            (entry,) = read_tasks([task], place)
            if progress:
                progress(number, len(tasks), entry.name)
            if entry.sha256 not in known:
                try:
                    entry.file = Path(folder) / str(number)
                    entry.file.write_bytes(server.download(image_address(task["data"])))
                except ImageDownloadError as error:
                    notes.append(f"{place} ({entry.name}) was left out: {error}")
                    continue
            entries.append(entry)
        if progress:
            progress(len(tasks), len(tasks), "")
        report = import_entries(store, project, entries, WHO) if entries else ImportReport()
    report.notes += notes
    if not tasks:
        report.notes.append("The project has no tasks there.")
    return report


def _hashes(store: Store, project: str) -> set[str]:
    """Of the images that a project has."""
    try:
        return {image.sha256 for image in store.image_list(store.find_project(project))}
    except NotFoundError:
        return set()
