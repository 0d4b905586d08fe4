"""The project is renamed or deleted; what is in the bin is restored or deleted for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from annotation.region import AnnotationError
from annotation.store import queue
from annotation.store.bin import DeletedImage, bin_size, count_words, list_bin, restore_images
from annotation.store.project_changes import (
    DeletedProject,
    delete_project,
    deleted_projects,
    rename_project,
    restore_project,
)
from annotation.store.purge import BIN_TIME, empty_bin, erase_images, erase_project
from annotation.store.store import Store
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.panels.confirmation import Confirmation, photos, words
from annotation.tabs.panels.listing import Listing
from annotation.tabs.session import AnnotationSession
from annotation.tabs.thumbnails import thumbnail
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

MAX_ROWS = 200
PROJECT = "project "  # begins the key of a row about a project


class ManagePanel:
    """A drawer: the name and the bin of the project, up to date when it is opened and after each action."""

    def __init__(self) -> None:
        with gr.Accordion(tr("Project"), open=False, elem_id="correct-manage") as self.drawer:
            with gr.Row(elem_classes="with-fields"):
                self.name = gr.Textbox(label=tr("Name of this project"), max_length=200, min_width=200)
                self.rename = gr.Button(tr("Rename"), size="md", elem_id="correct-rename")
                self.typed = gr.Textbox(
                    label=tr("To delete this project, type its name"), max_length=200, min_width=200
                )
                self.delete = gr.Button(tr("Delete the project"), size="md", elem_id="correct-delete-project")
            self.what = gr.Markdown(elem_classes="hint", latex_delimiters=[])
            self.confirmation = Confirmation("correct-confirm-bin")
            self.bin = Listing(label=tr("Bin"), elem_id="correct-bin")
            with gr.Row(elem_classes="with-fields"):
                self.empty = gr.Button(
                    tr("Empty the bin"), size="md", visible=False, elem_id="correct-empty-bin"
                )

    @property
    def outputs(self) -> Sequence[Block]:
        return [self.name, self.typed, self.what, self.bin, self.empty, *self.confirmation.outputs]

    def show(self, session: AnnotationSession) -> Updates:
        store, project_id = session.store, session.project_id
        in_bin = bin_size(store, project_id)
        what = tr(
            "It has {photos}. A deleted project can be restored for {days} days.",
            photos=photos(queue.progress(store, project_id).total),
            days=BIN_TIME.days,
        )
        label = tr("Empty the bin ({photos})", photos=photos(in_bin))
        return {
            self.name: dict(store.projects())[project_id],
            self.typed: "",
            self.what: what,
            self.bin: bin_rows(store, project_id),
            self.empty: gr.update(visible=in_bin > 0, value=label),
        } | self.confirmation.close()

    def wire(self, page: Page) -> None:
        def show_both(session: AnnotationSession, values: Values) -> Updates:
            return self.show(session) | page.show(session, values)

        @saving(page)
        def open_drawer(session: AnnotationSession, values: Values) -> Updates:
            return self.show(session)

        @saving(page)
        def rename(session: AnnotationSession, values: Values) -> Updates:
            rename_project(session.store, session.project_id, values[self.name] or "")
            return show_both(session, values)

        @saving(page)
        def delete(session: AnnotationSession, values: Values) -> Updates:
            name = dict(session.store.projects())[session.project_id]
            if " ".join((values[self.typed] or "").split()) != name:
                raise AnnotationError(tr("Type the name of the project, {name}, to delete it.", name=name))
            delete_project(session.store, session.project_id, session.who)
            session.reload()
            return show_both(session, values)

        @saving(page)
        def on_pick(session: AnnotationSession, values: Values) -> Updates:
            key, action = values[self.bin] or ("", "")
            if action == "erase":
                return self.confirmation.ask(key, erase_question(session.store, key), tr("Delete for good"))
            if key.startswith(PROJECT):
                restore_project(session.store, _number(key))
            elif restore_images(session.store, [_number(key)], session.who):
                session.reload(_number(key))
            return show_both(session, values)

        @saving(page)
        def ask_to_empty(session: AnnotationSession, values: Values) -> Updates:
            ids = [deleted.image.id for deleted in list_bin(session.store, session.project_id)]
            return self.confirmation.ask("", _question(session.store, ids), tr("Empty the bin"))

        @saving(page)
        def erase(session: AnnotationSession, values: Values) -> Updates:
            key = values[self.confirmation.subject]
            if key == "":
                empty_bin(session.store, session.project_id)
            elif key and key.startswith(PROJECT):
                erase_project(session.store, _number(key))
            elif key:  # else nothing was asked
                erase_images(session.store, [_number(key)])
            return show_both(session, values)

        options: dict[str, Any] = {"trigger_mode": "once", **HIDDEN, **IN_TURN}
        outputs = [*self.outputs, *page.shown]
        self.drawer.expand(open_drawer, page.inputs, self.outputs, **options)
        self.rename.click(rename, {*page.inputs, self.name}, outputs, **options)
        self.name.submit(rename, {*page.inputs, self.name}, outputs, **options)
        self.delete.click(delete, {*page.inputs, self.typed}, outputs, **options)
        self.bin.input(on_pick, {*page.inputs, self.bin}, outputs, **options)
        self.empty.click(ask_to_empty, page.inputs, self.confirmation.outputs, **options)
        self.confirmation.yes.click(erase, {*page.inputs, self.confirmation.subject}, outputs, **options)


def bin_rows(store: Store, project_id: int) -> dict[str, Any]:
    """The listing's value: the deleted photos of the project, then the deleted projects."""
    actions = [["restore", tr("Restore")], ["erase", tr("Delete for good")]]
    rows = [
        {
            "key": str(deleted.image.id),
            "title": deleted.image.name,
            "note": _deletion(words(deleted.words), deleted),
            "picture": thumbnail(store.image_path(deleted.image)),
            "actions": actions,
        }
        for deleted in list_bin(store, project_id, MAX_ROWS)
    ]
    rows += [
        {
            "key": f"{PROJECT}{deleted.id}",
            "title": tr("Project {name}", name=deleted.name),
            "note": _deletion(photos(deleted.images), deleted),
            "actions": actions,
        }
        for deleted in deleted_projects(store)[:MAX_ROWS]
    ]
    head = tr("Bin. After {days} days, what is in it is deleted for good.", days=BIN_TIME.days)
    return {"rows": rows, "head": head if rows else "", "empty": tr("The bin is empty.")}


def _deletion(what: str, deleted: DeletedImage | DeletedProject) -> str:
    return tr("{what}, deleted by {who} on {at:%-d %B %Y}", what=what, who=deleted.who, at=deleted.at)


def erase_question(store: Store, key: str) -> str:
    """What a row of the bin loses. Raises AnnotationError if it is no longer there."""
    if not key.startswith(PROJECT):
        return _question(store, [_number(key)])
    found = [project for project in deleted_projects(store) if project.id == _number(key)]
    if not found:
        raise AnnotationError(tr("This project is no longer in the bin."))
    return tr(
        "Delete the project {name} with its {photos} for good? This cannot be undone.",
        name=found[0].name,
        photos=photos(found[0].images),
    )


def _question(store: Store, image_ids: Sequence[int]) -> str:
    return tr(
        "Delete {photos} with {words} for good? This cannot be undone.",
        photos=photos(len(image_ids)),
        words=words(count_words(store, image_ids)),
    )


def _number(key: str) -> int:
    """The id in the key of a row, which comes from the page. Raises AnnotationError."""
    number = key.removeprefix(PROJECT)
    if not number.isdecimal():
        raise AnnotationError(tr("This list is out of date; open it again."))
    return int(number)
