"""Statistics of the project: who did how much, how far people agree, what they corrected."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from annotation.statistics_tables import Table, tables, to_csv
from annotation.store.statistics import project_statistics
from annotation.tabs.actions import Page, Updates, Values
from annotation.tabs.error_messages import escape_markdown
from annotation.tabs.statistics_chart import corrections_chart
from spotter.language import tr
from spotter.tabs.shared.events import PRIVATE

TABLES = ("work", "corrections", "agreement", "days")  # names, in the order on the page
MAX_ROWS = 500  # of a table; the CSV has all
FILE = "statistics.csv"


class StatisticsPanel:
    """An accordion that computes its tables when it is opened."""

    def __init__(self) -> None:
        with gr.Accordion(tr("Statistics"), open=False, elem_id="correct-statistics") as self.box:
            self.views: dict[str, TableView] = {}
            for name in TABLES:
                self.views[name] = TableView()
                if name == "corrections":
                    self.chart = gr.Image(
                        show_label=False,
                        alt_text=tr("Bar chart of the corrections per 100 words, as in the table"),
                        interactive=False,
                        container=False,
                        buttons=[],
                        format="png",
                        visible=False,
                        elem_id="correct-statistics-chart",
                    )
            self.csv = gr.DownloadButton(tr("Download as CSV"), size="md", visible=False)

    def wire(self, page: Page) -> None:
        def show(values: Values) -> Iterator[Updates]:
            with tempfile.TemporaryDirectory(prefix="statistics-") as folder:
                with page.saved(values) as session:
                    found = project_statistics(session.store, session.project_id)
                    file = Path(folder) / FILE
                    file.write_text(to_csv(found), encoding="utf-8-sig", newline="")  # Excel needs the mark
                updates: Updates = {}
                for table in tables(found):  # while there is nothing, one sentence says so
                    is_shown = bool(found.people) or table.name == "work"
                    updates |= self.views[table.name].show(table, is_shown)
                chart = corrections_chart(found.models)
                updates |= {self.chart: gr.update(value=chart, visible=chart is not None)}
                # Gradio makes its copy of the file before it asks for the next value; then the folder goes.
                yield updates | {self.csv: gr.update(value=str(file), visible=bool(found.people))}

        outputs = [self.chart, self.csv]
        for view in self.views.values():
            outputs += [view.text, view.frame]
        texts = [self.views["work"].text]
        self.box.expand(show, page.inputs, outputs, **PRIVATE, show_progress_on=texts)


class TableView:
    """A title with a sentence, and the table below it. Names are never markup."""

    def __init__(self) -> None:
        self.text = gr.Markdown(latex_delimiters=[])
        self.frame = gr.Dataframe(
            interactive=False, visible=False, max_height=320, show_label=False, buttons=[], max_chars=60
        )

    def show(self, table: Table, is_shown: bool) -> Updates:
        note = table.note if table.rows else table.empty
        value = {"headers": list(table.columns), "data": [list(row) for row in table.rows[:MAX_ROWS]]}
        return {
            self.text: gr.update(value=f"**{table.title}**\n\n{escape_markdown(note)}", visible=is_shown),
            self.frame: gr.update(value=value, visible=bool(table.rows)),
        }
