"""The rounds of the project: a chart of their figures, and the ledger as a table."""

from __future__ import annotations

from datetime import datetime

import gradio as gr

from annotation.rounds.records import RUNNING, Figures, Interval, Round
from annotation.rounds.service import Rounds
from annotation.tabs.rounds.chart import Chart, ChartData, Point
from annotation.tabs.rounds.page import APP_WEIGHTS, Choice, Page, Situation, Updates, Values, acting
from annotation.tabs.rounds.table import Cell, Column, Row, Table, TableData
from annotation.tabs.rounds.texts import percent, state_text
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN


class LedgerPanel:
    """Both can be clicked: they choose the round whose verdict is shown below."""

    def __init__(self) -> None:
        with gr.Row(elem_id="rounds-history") as self.box:
            with gr.Column(elem_id="rounds-chart-box"):
                self.chart = Chart(
                    label=tr("End-to-end H on the hold-out"), unit=" %", elem_id="rounds-chart"
                )
            with gr.Column(elem_id="rounds-ledger-box"):
                self.table = Table(
                    label=tr("Rounds"), in_address="round", file="rounds.csv", elem_id="rounds-ledger"
                )

    @property
    def outputs(self) -> list:
        return [self.box, self.chart, self.table]

    def show(self, situation: Situation, rounds: Rounds) -> Updates:
        current, project_id = situation.key, situation.choice.project_id
        people = rounds.people_minutes(project_id) if situation.rounds else {}
        rows = [_row(one, people.get(one.id, 0)) for one in situation.rounds] + [_app_row(situation)]
        csv = rounds.csv(project_id) if situation.rounds else ""
        hint = tr("H-means on the held-out photos, 95 % intervals. A click shows the verdict of a round.")
        empty = tr("The figures of each round come here, with their intervals.")
        table = TableData(columns=columns(), rows=rows, current=current, foot=hint, csv=csv)
        chart = ChartData(points=chart_points(situation), current=current, empty=empty)
        return {
            self.box: gr.update(visible=bool(situation.rounds)),
            self.chart: chart,
            self.table: table if situation.rounds else TableData(current=""),
        }

    def wire(self, page: Page) -> None:
        for component in (self.chart, self.table):

            def choose(choice: Choice, values: Values, component: Chart | Table = component) -> Choice | None:
                key = values[component]
                return Choice(choice.project_id, int(key)) if key.isascii() and key.isdecimal() else None

            component.input(
                acting(page)(choose),
                {*page.inputs, component},
                page.shown,
                trigger_mode="always_last",
                **HIDDEN,
            )


def columns() -> list[Column]:
    return [
        Column(title=tr("Round")),
        Column(title=tr("Started (UTC)")),
        Column(title=tr("Photos"), at_end=True),
        Column(title=tr("Words"), at_end=True),
        Column(title=tr("People (min)"), at_end=True),
        Column(title=tr("Machine (min)"), at_end=True),
        Column(title=tr("End-to-end H"), at_end=True),
        Column(title=tr("Detection H"), at_end=True),
        Column(title=tr("Promoted by")),
    ]


def chart_points(situation: Situation) -> list[Point]:
    """What the oldest round was compared with, then every judged round."""
    points: list[Point] = []
    for one in reversed(situation.rounds):
        if one.verdict is None:
            continue
        if not points:
            points.append(_start_point(situation, one.parent, one.verdict.before))
        label = str(one.number)
        points.append(_point(len(points), str(one.id), label, one.name, one.verdict.after, one.served))
    return points


def _start_point(situation: Situation, parent: str, figures: Figures) -> Point:
    """Usually of the weights of the app."""
    if parent == situation.weights:
        return _point(0, str(APP_WEIGHTS), parent, parent, figures, situation.serves_app)
    return _point(0, "", tr("before"), tr("before"), figures, False)


def _point(x: int, key: str, label: str, name: str, figures: Figures, served: bool) -> Point:
    value = figures.end_to_end
    tip = f"{name}: {percent(value)}"
    if served:
        tip = tr("{figure}, served", figure=tip)
    return Point(
        x=x,
        y=100 * value.value,
        low=100 * value.low,
        high=100 * value.high,
        label=label,
        tip=tip,
        key=key,
        mark=tr("served") if served else "",
    )


def _row(one: Round, people: float) -> Row:
    """`people`: minutes that they worked for it."""
    verdict, state = one.verdict, state_text(one)
    badge = state if one.served or one.state != "done" else ""
    cells = [
        Cell(text=one.name, badge=badge, plain=not one.served),
        Cell(text=_date(one.started), note=f"{one.started:%H:%M}"),
        Cell(text=f"{one.photos:,}"),
        Cell(text=f"{one.words:,}"),
        Cell(text=f"{people:.1f}"),
        Cell(text="" if one.state in RUNNING else f"{one.minutes:.1f}"),
        _figure(verdict.after.end_to_end if verdict else None),
        _figure(verdict.after.detection if verdict else None),
        _promoted_by(one),
    ]
    return Row(key=str(one.id), cells=cells, opens=True)


def _promoted_by(one: Round) -> Cell:
    if one.promoted:
        return Cell(text=one.promoted_by, note=_date(one.promoted_at) if one.promoted_at else "")
    return Cell(text=tr("nobody"), tone="quiet") if one.state == "done" else Cell()


def _date(at: datetime) -> str:
    return tr("{at:%-d %b %Y}", at=at)


def _app_row(situation: Situation) -> Row:
    """What was before the first round, so that one can go back to it."""
    badge = tr("served") if situation.serves_app else ""
    cells = [Cell(text=situation.weights, badge=badge, note=tr("the weights of the app")), *[Cell()] * 8]
    return Row(key=str(APP_WEIGHTS), cells=cells, opens=True)


def _figure(value: Interval | None) -> Cell:
    if value is None:
        return Cell()
    return Cell(text=f"{100 * value.value:.1f} %", note=f"{100 * value.low:.1f}–{100 * value.high:.1f}")
