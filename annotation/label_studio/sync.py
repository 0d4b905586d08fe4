"""Push to a Label Studio server and pull from it; both are idempotent and never overwrite human edits.

A task and an image are matched by the SHA-256 of the stored file, which every pushed task contains. An
annotation on the server may be replaced if the image here once had the same regions; anything else was edited
there, and has to be pulled first.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.formats.entries import Entry, ExportItem, FormatError
from annotation.formats.exporting import file_names
from annotation.formats.importing import ImportReport, import_entries
from annotation.formats.label_studio import read_tasks
from annotation.label_studio.annotations import choose_annotation
from annotation.label_studio.client import ImageDownloadError, Server, ServerError
from annotation.label_studio.export_tasks import to_task, validate
from annotation.label_studio.labelling_config import has_our_controls, has_text_regions
from annotation.label_studio.task_images import image_url
from annotation.label_studio.tasks import from_results
from annotation.region import AnnotationError, Region, same_content
from annotation.review import SKIPPED
from annotation.store.bin import bin_hashes
from annotation.store.records import ImageRecord, NotFoundError
from annotation.store.sent import note_sent, sent_images
from annotation.store.store import Store
from annotation.upload import Progress
from spotter.language import tr, trn

MAX_NAMES = 5  # listed in a line of a report
WHO = "Label Studio"  # author of imported regions without an annotator


@dataclass
class PushReport:
    """What was sent to the server, and what was not."""

    images_added: int = 0
    images_existing: int = 0
    predictions_added: int = 0
    annotations_added: int = 0
    annotations_changed: int = 0
    changed_remotely: list[str] = field(default_factory=list)  # images that were edited on the server
    deleted_remotely: list[str] = field(default_factory=list)  # images that were deleted on the server
    skipped: int = 0  # images here that are not to be annotated

    def lines(self) -> list[str]:
        return [
            tr(
                "images: {images_added} added, {images_existing} already there",
                images_added=self.images_added,
                images_existing=self.images_existing,
            ),
            tr("predictions: {predictions_added} added", predictions_added=self.predictions_added),
            tr(
                "annotations: {annotations_added} added, {annotations_changed} changed",
                annotations_added=self.annotations_added,
                annotations_changed=self.annotations_changed,
            ),
            *(
                tr(
                    "{name}: it has been edited in Label Studio and was not overwritten; pull it first.",
                    name=name,
                )
                for name in self.changed_remotely
            ),
            *self._lines_on_absent(),
        ]

    def _lines_on_absent(self) -> list[str]:
        lines = []
        if names := self.deleted_remotely:
            first = ", ".join(names[:MAX_NAMES])
            if len(names) > MAX_NAMES:
                first = tr("{names} and others", names=first)
            deleted = trn(
                "{number} photo was deleted in Label Studio and is not sent: {names}.",
                "{number} photos were deleted in Label Studio and are not sent: {names}.",
                len(names),
                names=first,
            )
            hint = tr("To send them again, push with --resend, or with the box that says so ticked.")
            lines.append(f"{deleted} {hint}")
        if self.skipped:
            lines.append(tr("skipped photos, which are not sent: {number}", number=self.skipped))
        return lines


def push(
    store: Store, project: str, server: Server, progress: Progress | None = None, resend: bool = False
) -> PushReport:
    """Sends a project's images, predictions and annotations to the server's project of the same name.

    Not those that were skipped here or, unless `resend` is set, deleted there. If it is interrupted, the
    tasks sent so far are complete; the next push continues.

    Raises AnnotationError.
    """
    report = PushReport()
    images = store.image_list(store.find_project(project))
    report.skipped = sum(image.state == SKIPPED for image in images)
    images = [image for image in images if image.state != SKIPPED]
    if not images:
        raise AnnotationError(tr("The project {project!r} has no images to push.", project=project))
    remote = server.find_project(project)
    if remote is not None and not has_our_controls(remote.label_config):
        raise ServerError(
            tr(
                "The project {project!r} at {url} has another labelling configuration; rename one.",
                project=project,
                url=server.url,
            )
        )
    remote = remote or server.create_project(project)
    tasks: dict[str, dict] = {}  # by the hash of the image
    for task in server.tasks(remote):
        tasks.setdefault(str(task["data"].get("sha256")), task)
    names, address = file_names(images), project_address(server, remote)
    sent = sent_images(store, address)
    newest: tuple = ()  # (time, model version) of the newest prediction
    for number, image in enumerate(images):
        if progress:
            progress(number, len(images), image.name)
        existing = tasks.get(image.sha256)
        if existing is None and image.id in sent and not resend:
            report.deleted_remotely.append(image.name)
            continue
        try:
            opened = store.open_image(image.id)
            item = ExportItem(names[image.id], opened.image, opened.regions, store.predictions(image.id))
            newest = max([newest, *((p.added, p.model_version) for p in item.predictions)])
            _push_image(store, server, remote.id, item, existing, report)
            if image.id not in sent:
                note_sent(store, address, [image.id])
        except ServerError as error:
            message = tr(
                "{error}; {number} of {total} images are pushed, push again to continue.",
                error=str(error).rstrip("."),
                number=number,
                total=len(images),
            )
            raise ServerError(message) from None
    if newest and report.predictions_added:
        _select_model_version(server, remote, newest[1])
    if progress:
        progress(len(images), len(images), "")
    return report


def _push_image(
    store: Store, server: Server, remote: int, item: ExportItem, task: dict | None, report: PushReport
) -> None:
    wanted = to_task(item, "" if task is None else task["data"]["image"])
    if task is None:
        wanted["data"]["image"] = item.file  # a placeholder, to validate the task before anything is sent
    if errors := validate([wanted]):
        raise FormatError(tr("The task would be invalid: {error}", error=errors[0]))
    if task is None:
        wanted["data"]["image"] = server.upload(remote, item.file, _read_stored(store, item.image))
        server.add_task(remote, wanted)
        report.images_added += 1
        report.predictions_added += len(wanted["predictions"])
        report.annotations_added += len(wanted["annotations"])
        return
    report.images_existing += 1
    existing = {prediction["model_version"] for prediction in task["predictions"]}
    for prediction in wanted["predictions"]:
        if prediction["model_version"] not in existing:
            server.add_prediction(task["id"], prediction)
            report.predictions_added += 1
    mine = wanted["annotations"][0] if wanted["annotations"] else None
    theirs = choose_annotation(task["annotations"], [])
    if theirs is None:
        if mine is not None:
            server.add_annotation(task["id"], mine)
            report.annotations_added += 1
    elif not _may_overwrite(store, item, theirs, task["data"]):
        report.changed_remotely.append(item.image.name)
        return
    elif mine is not None and not _is_equal(item, theirs):
        server.update_annotation(theirs["id"], mine)
        report.annotations_changed += 1
    # After the annotation: its version tells which edits of this database the annotation contains.
    if (data := task["data"] | wanted["data"]) != task["data"]:
        server.update_data(task["id"], data)


def _read_stored(store: Store, image: ImageRecord) -> bytes:
    """Raises AnnotationError."""
    try:
        return store.image_path(image).read_bytes()
    except OSError as error:
        raise AnnotationError(
            tr("The stored file of the image {name} is missing.", name=image.name)
        ) from error


def _parse(item: ExportItem, annotation: dict) -> list[Region] | None:
    """The regions of an annotation; None if it contains anything else, so it was edited on the server."""
    try:
        parsed = from_results(annotation["result"], item.image.width, item.image.height, "import")
    except AnnotationError:
        return None
    return None if parsed.notes or parsed.faults else parsed.regions


def _is_equal(item: ExportItem, annotation: dict) -> bool:
    regions = _parse(item, annotation)
    approved = item.image.state == "approved"
    return bool(annotation["ground_truth"]) == approved and same_content(regions or [], item.regions)


def _may_overwrite(store: Store, item: ExportItem, annotation: dict, data: dict) -> bool:
    regions = _parse(item, annotation)
    if regions is None:
        return False
    version, is_ours = data.get("version"), data.get("added") == item.image.added.isoformat()
    since = version if is_ours and type(version) is int else 0
    return store.was_ever_current(item.image.id, regions, since)


def _select_model_version(server: Server, remote: Any, model_version: str) -> None:
    """Unless an ML backend has been selected on the server."""
    selected = server.project(remote.id).model_version
    if selected != model_version and selected not in server.backend_titles(remote.id):
        server.set_model_version(remote.id, model_version)


def pull(store: Store, project: str, server: Server, progress: Progress | None = None) -> ImportReport:
    """Imports the server's project of this name, all or nothing. Raises AnnotationError."""
    remote = server.find_project(project)
    if remote is None:
        raise ServerError(tr("There is no project {project!r} at {url}.", project=project, url=server.url))
    if not has_text_regions(remote.label_config):
        raise ServerError(
            tr(
                "The labelling configuration of {project!r} at {url} has no regions with texts.",
                project=project,
                url=server.url,
            )
        )
    tasks = server.tasks(remote)
    report = import_tasks(store, project, server, tasks, progress)
    # What is deleted there from now on is not pushed again.
    hashes = {str(task["data"].get("sha256")) for task in tasks}
    images = store.image_list(store.ensure_project(project))
    note_sent(store, project_address(server, remote), [i.id for i in images if i.sha256 in hashes])
    return report


def project_address(server: Server, remote: Any) -> str:
    """Of a project on a server, which tells it from others with the same name."""
    return f"{server.url}/projects/{remote.id}"


def import_tasks(
    store: Store, project: str, server: Server, tasks: list[dict], progress: Progress | None = None
) -> ImportReport:
    """Imports the tasks of a server into a project, which is created if needed. Raises AnnotationError."""
    entries: list[Entry] = []
    notes: list[str] = []
    existing, in_bin = _image_hashes(store, project)
    left_out = 0  # images in the bin
    with tempfile.TemporaryDirectory(prefix="label-studio-") as folder:
        for number, task in enumerate(tasks):
            name = f"Task {task.get('id')} of Label Studio"
            url = image_url(task)
            if url is None:
                notes.append(tr("{name} has no image and was left out.", name=name))
                continue
            (entry,) = read_tasks([task], name)
            if entry.sha256 in in_bin:
                left_out += 1
                continue
            if progress:
                progress(number, len(tasks), entry.name)
            if entry.sha256 not in existing:
                try:
                    entry.file = Path(folder) / str(number)
                    entry.file.write_bytes(server.download(url))
                except ImageDownloadError as error:
                    notes.append(
                        tr("{name} ({file}) was left out: {error}", name=name, file=entry.name, error=error)
                    )
                    continue
            entries.append(entry)
        if progress:
            progress(len(tasks), len(tasks), "")
        report = import_entries(store, project, entries, WHO) if entries else ImportReport()
    report.notes += notes
    if left_out:
        note = trn(
            "{number} photo is in the bin of the project and left out; restore them to pull them.",
            "{number} photos are in the bin of the project and left out; restore them to pull them.",
            left_out,
        )
        report.notes.append(note)
    if not tasks:
        report.notes.append(tr("The project on the server has no tasks."))
    return report


def _image_hashes(store: Store, project: str) -> tuple[set[str], set[str]]:
    """Of a project's images, and of those in its bin; none if there is no such project."""
    try:
        project_id = store.find_project(project)
    except NotFoundError:
        return set(), set()
    return {image.sha256 for image in store.image_list(project_id)}, bin_hashes(store, project_id)
