"""The linter's findings: a jump to each, and the fixable ones fixed on one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from annotation.linter import Finding, fix, lint
from annotation.region import AnnotationError
from annotation.tabs.error_messages import told
from annotation.tabs.panels.listing import Listing

if TYPE_CHECKING:
    from annotation.tabs.correct import Correct

SHOWN = 200  # findings; more at once help nobody
FIXES = {
    "spaces": "Trim",
    "empty": "Mark illegible",
    "crossing": "Untangle",
    "tiny": "Delete",
    "duplicate": "Delete",
}


class Checks:
    """The accordion; `wire` when the rest of the tab is there."""

    def __init__(self) -> None:
        with gr.Accordion("Check the project", open=False):
            gr.Markdown(
                "Looks for what would spoil an export or a training round: unknown characters, over-long or "
                "empty texts, tiny, self-crossing or doubled outlines, photos without any word.",
                elem_classes="hint",
            )
            with gr.Row():
                self.look = gr.Button("Check now", size="md")
                self.fix_all = gr.Button("Fix all that can be fixed", size="md", visible=False)
            self.listing = Listing(label="What was found", elem_id="correct-findings")
            self.found = gr.State([])

    def wire(self, tab: Correct) -> None:
        saving = [tab.desk, tab.editor, tab.who]
        outputs = [self.found, self.listing, self.fix_all, *tab.shown]
        options = {"api_visibility": "private", "show_progress_on": [self.listing]}

        def look(desk, payload, who) -> dict:
            desk = tab.ready(desk, who)
            with told():
                desk.save(payload)
                return self.show(tab, desk)

        def repair_all(desk, payload, who, found: list[Finding]) -> dict:
            desk = tab.ready(desk, who)
            with told():
                desk.save(payload)
                for finding in found:
                    if finding.fixable:
                        fix(tab.store, finding, desk.who)
                return self.show(tab, desk) | tab.show(desk, payload)

        def pick(desk, payload, who, picked: tuple[str, str] | None, found: list[Finding]) -> dict:
            desk = tab.ready(desk, who)
            with told():
                desk.save(payload)
                if picked is None or not picked[0].isdecimal() or int(picked[0]) >= len(found):
                    raise AnnotationError("This list is out of date; check the project again.")
                finding = found[int(picked[0])]
                if picked[1] == "fix":
                    fix(tab.store, finding, desk.who)
                    return self.show(tab, desk) | tab.show(desk, payload)
                desk.open(finding.image_id)
                return self.rows(tab, found) | tab.show(desk, payload, finding.region_id or "")

        self.look.click(look, saving, outputs, **options)
        self.fix_all.click(repair_all, [*saving, self.found], outputs, **options)
        self.listing.input(pick, [*saving, self.listing, self.found], outputs, **options)

    def show(self, tab: Correct, desk) -> dict:
        """Looks anew."""
        return self.rows(tab, list(lint(tab.store, desk.project_id, *tab.reader_knows())))

    def rows(self, tab: Correct, found: list[Finding]) -> dict:
        names = {}
        for finding in found[:SHOWN]:
            if finding.image_id not in names:
                names[finding.image_id] = tab.store.image(finding.image_id).name
        fixable = sum(finding.fixable for finding in found)
        rows = [
            {
                "key": str(i),
                "title": finding.message,
                "note": names[finding.image_id],
                "opens": True,
                "actions": [["fix", FIXES[finding.rule]]] if finding.fixable else [],
            }
            for i, finding in enumerate(found[:SHOWN])
        ]
        head = f"{len(found)} {'finding' if len(found) == 1 else 'findings'}" if found else ""
        left = len(found) - len(rows)
        return {
            self.found: found,
            self.listing: {
                "rows": rows,
                "head": head,
                "foot": f"{left} more; fix these first" if left else "",
                "empty": "Nothing to complain about.",
            },
            self.fix_all: gr.update(visible=fixable > 0, value=f"Fix all that can be fixed ({fixable})"),
        }
