"""What changed from region to region on the hold-out, with crops; a click opens the photo in Correct."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from annotation.rounds.records import CHANGE_KINDS, RegionChange
from annotation.rounds.service import Rounds
from annotation.store.records import ImageRecord
from annotation.tabs.rounds.crops import crop
from annotation.tabs.rounds.page import Choice, Page, Situation, Updates, Values, acting
from annotation.tabs.rounds.table import Cell, Column, Row, Table, TableData
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

FIRST = "regressed"  # listed first if there are any: what a person should look at before promoting
MAX_ROWS = 100


class ChangesPanel:
    """A choice of the kind with the counts, and the list."""

    def __init__(self) -> None:
        self.kind = gr.Radio([], show_label=False, container=False, elem_id="rounds-kinds")
        self.table = Table(label=tr("Regions"), elem_id="rounds-changes")

    @property
    def outputs(self) -> list:
        return [self.kind, self.table]

    def show(self, situation: Situation, rounds: Rounds) -> Updates:
        one = situation.chosen
        if one is None or one.verdict is None:
            return {self.kind: gr.update(visible=False), self.table: TableData()}
        counts = {kind: one.verdict.counts.get(kind, 0) for kind in CHANGE_KINDS}
        kind = chosen_kind(counts, situation.choice.kind)
        names = kind_names()
        choices = [(f"{names[name]} {count:,}", name) for name, count in counts.items()]
        changes = [change for change in rounds.changes(one.id) if change.kind == kind]
        return {
            self.kind: gr.update(choices=choices, value=kind or None, visible=True),
            self.table: change_table(changes, rounds),
        }

    def wire(self, page: Page) -> None:
        @acting(page)
        def choose(choice: Choice, values: Values) -> Choice:
            return replace(choice, kind=values[self.kind] or "")

        self.kind.input(choose, {*page.inputs, self.kind}, page.shown, trigger_mode="always_last", **HIDDEN)


def kind_names() -> dict[str, str]:
    """By one of CHANGE_KINDS."""
    return {
        "fixed": tr("fixed"),
        "still wrong": tr("still wrong"),
        "regressed": tr("regressed"),
        "newly found": tr("newly found"),
        "new false": tr("new false"),
    }


def chosen_kind(counts: dict[str, int], wanted: str) -> str:
    """The kind to list: the wanted one, else the first that there is; "" if nothing changed."""
    if wanted in counts:
        return wanted
    return next((kind for kind in (FIRST, *counts) if counts.get(kind)), "")


def change_table(changes: list[RegionChange], rounds: Rounds) -> TableData:
    """`changes`: of one kind."""
    shown = sorted(changes, key=lambda change: change.image_id)[:MAX_ROWS]
    images = {image.id: image for image in rounds.store.images_by_id(sorted({c.image_id for c in shown}))}
    rows = [_row(number, change, images.get(change.image_id), rounds) for number, change in enumerate(shown)]
    foot = tr("The first {number} of {total:,}.", number=MAX_ROWS, total=len(changes))
    titles = tr("Region"), tr("Truth"), tr("Before"), tr("After"), tr("Photo")
    return TableData(
        columns=[Column(title=title) for title in titles],
        rows=rows,
        empty=tr("No region changed."),
        foot=foot if len(changes) > MAX_ROWS else "",
    )


def _row(number: int, change: RegionChange, image: ImageRecord | None, rounds: Rounds) -> Row:
    description = change.truth or tr("Region")
    if image is None:
        region, name = Cell(text=description), Cell(text=tr("in the bin or deleted"), tone="quiet")
        address = ""
    else:
        picture = crop(rounds.store.image_path(image), change.polygon)
        region, name = Cell(text=description, picture=picture), Cell(text=image.name, tone="quiet")
        address = region_address(change)
    truth = Cell(text=change.truth) if change.truth else Cell(text=tr("no word here"), tone="quiet")
    before, after = (_reading(text, change.truth) for text in (change.before, change.after))
    return Row(key=str(number), cells=[region, truth, before, after, name], address=address)


def _reading(text: str | None, truth: str) -> Cell:
    """Right is what the figures count as right: the same text but for case."""
    if text is None:
        return Cell(text=tr("not found"), tone="bad" if truth else "quiet")
    is_right = bool(truth) and text.casefold() == truth.casefold()
    return Cell(text=text or tr("found, no text"), tone="good" if is_right else "bad")


def region_address(change: RegionChange) -> str:
    """Opens the photo in Correct, with the region selected if it still exists."""
    where: dict[str, Any] = {"tab": "correct", "image": change.image_id}
    if change.region_id:
        where["region"] = change.region_id
    return f"?{urlencode(where)}"
