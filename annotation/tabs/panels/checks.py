"""The linter's findings: a jump to each, and fixes on one click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from annotation.linter import Finding, fix, lint
from annotation.region import AnnotationError
from annotation.store.store import Store
from annotation.tabs.actions import Page, Updates, Values, saving
from annotation.tabs.panels.listing import Listing
from annotation.tabs.session import AnnotationSession
from spotter.language import tr, trn
from spotter.tabs.shared.events import PRIVATE
from spotter.tabs.shared.loading import Loader

MAX_ROWS = 200  # nobody works through more at once


class ChecksPanel:
    """An accordion with a button and the list of findings."""

    def __init__(self) -> None:
        with gr.Accordion(tr("Check"), open=False):
            hint = tr(
                "Finds problems for an export or a training round: unknown characters, texts that are empty "
                "or too long, placeholders, letters of another script, outlines that are tiny, "
                "self-intersecting or duplicate, photos without words."
            )
            self.hint = gr.Markdown(hint, elem_classes="hint")
            with gr.Row():
                self.check = gr.Button(tr("Check now"), size="md")
                self.fix_all = gr.Button(fix_all_label(), size="md", visible=False)
            self.findings = gr.State([])
        # Beside the photo, so that one can go through them.
        self.listing = Listing(
            label=tr("Problems found"), elem_id="correct-findings", visible=False, render=False
        )

    def show(self, store: Store, findings: Sequence[Finding]) -> Updates:
        fixable = sum(finding.fixable for finding in findings)
        return {
            self.findings: findings,
            self.listing: gr.update(value=finding_rows(store, findings), visible=True),
            self.fix_all: gr.update(visible=fixable > 0, value=fix_all_label(fixable)),
        }

    def wire(self, page: Page, loader: Loader) -> None:
        def check_again(session: AnnotationSession) -> Updates:
            spotter = loader.spotter()
            longest = spotter.model.config.max_steps - 1
            findings = lint(session.store, session.project_id, spotter.charset.characters, longest)
            return self.show(session.store, list(findings))

        @saving(page)
        def check(session: AnnotationSession, values: Values) -> Updates:
            return check_again(session)

        @saving(page)
        def fix_all(session: AnnotationSession, values: Values) -> Updates:
            for finding in values[self.findings]:
                if finding.fixable:
                    fix(session.store, finding, session.who)
            return check_again(session) | page.show(session, values)

        @saving(page)
        def on_pick(session: AnnotationSession, values: Values) -> Updates:
            findings = values[self.findings]
            key, action = values[self.listing] or ("", "")
            if not key.isdecimal() or int(key) >= len(findings):
                raise AnnotationError(tr("This list is out of date; check the project again."))
            finding = findings[int(key)]
            if action == "fix":
                fix(session.store, finding, session.who)
                return check_again(session) | page.show(session, values)
            session.open(finding.image_id)
            return self.show(session.store, findings) | page.show(session, values, finding.region_id or "")

        outputs = [self.findings, self.listing, self.fix_all, *page.shown]
        options = {**PRIVATE, "show_progress_on": [self.hint]}
        self.check.click(check, page.inputs, outputs, **options)
        self.fix_all.click(fix_all, {*page.inputs, self.findings}, outputs, **options)
        self.listing.input(on_pick, {*page.inputs, self.listing, self.findings}, outputs, **options)


def fix_all_label(number: int = 0) -> str:
    label = tr("Fix all that can be fixed")
    return f"{label} ({number})" if number else label


def fix_labels() -> dict[str, str]:
    """By the rule of a finding."""
    return {
        "spaces": tr("Trim"),
        "empty": tr("Mark illegible"),
        "masked": tr("Mark illegible"),
        "crossing": tr("Untangle"),
        "tiny": tr("Delete"),
        "duplicate": tr("Delete"),
    }


def finding_rows(store: Store, findings: Sequence[Finding]) -> dict[str, Any]:
    """The listing's value."""
    shown = findings[:MAX_ROWS]
    labels = fix_labels()
    names = {image_id: store.image(image_id).name for image_id in {finding.image_id for finding in shown}}
    rows = [
        {
            "key": str(i),
            "title": finding.message,
            "note": names[finding.image_id],
            "opens": True,
            "actions": [["fix", labels[finding.rule]]] if finding.fixable else [],
        }
        for i, finding in enumerate(shown)
    ]
    left = len(findings) - len(rows)
    return {
        "rows": rows,
        "head": trn("{number} problem", "{number} problems", len(findings)) if findings else "",
        "foot": tr("{number} more; fix these first", number=left) if left else "",
        "empty": tr("No problems found."),
        "closes": True,
    }
