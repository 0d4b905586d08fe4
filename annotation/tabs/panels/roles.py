"""What the visitor's role allows: a sentence, what is disabled, and for owners who has which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from annotation.store.authors import MAX_PERSON
from annotation.store.roles import ROLES, may, reader_note
from annotation.tabs.actions import IN_TURN, Page, Updates, Values, saving
from annotation.tabs.error_messages import escape_markdown
from annotation.tabs.session import AnnotationSession
from spotter.language import tr
from spotter.tabs.shared.events import HIDDEN

NO_ROLE = "none"


class RolesPanel:
    """A part of the drawer Project, for owners where people log in."""

    def __init__(self, note: gr.Markdown, limited: Mapping[str, Sequence[Block]]) -> None:
        """`note`: for the sentence, where everybody sees it; `limited`: the components that need an action of
        annotation.store.roles.
        """
        self.note, self.limited = note, limited
        with gr.Column(visible=False, elem_id="correct-roles") as self.box:
            self.members = gr.Markdown(elem_classes="hint", latex_delimiters=[])
            with gr.Row(elem_classes="with-fields"):
                self.person = gr.Textbox(
                    label=tr("Name with which a person logs in"), max_length=MAX_PERSON, min_width=200
                )
                self.role = gr.Dropdown(role_choices(), value=ROLES[0], label=tr("Role"), filterable=False)
                self.give = gr.Button(tr("Give this role"), size="md", elem_id="correct-give-role")

    @property
    def shown(self) -> Sequence[Block]:
        """All that `show` updates."""
        return [
            self.note,
            self.box,
            self.members,
            *(part for parts in self.limited.values() for part in parts),
        ]

    def show(self, session: AnnotationSession) -> Updates:
        """Only what is new: without logins nothing, as everybody may do everything then."""
        role = session.store.role(session.project_id)
        members = session.store.members(session.project_id)
        before, session.role_shown = session.role_shown, (session.project_id, role, members)
        if not session.store.person() or session.role_shown == before:
            return {}
        updates: Updates = {
            part: gr.update(interactive=may(role, action))
            for action, parts in self.limited.items()
            for part in parts
        }
        name = dict(session.store.projects()).get(session.project_id, "")
        note = "" if may(role, "edit") else escape_markdown(reader_note(name))
        return updates | {
            self.note: gr.update(value=note, visible=bool(note)),
            self.box: gr.update(visible=may(role, "manage")),
            self.members: gr.update(value=members_text(members)),
        }

    def wire(self, page: Page) -> None:
        @saving(page)
        def give(session: AnnotationSession, values: Values) -> Updates:
            role = None if values[self.role] == NO_ROLE else values[self.role]
            session.store.give_role(session.project_id, values[self.person] or "", role)
            if session.project_id not in dict(session.store.projects()):  # the visitor's own was taken away
                session.reload()
            return {self.person: ""} | page.show(session, values)

        options: dict[str, Any] = {"trigger_mode": "once", **HIDDEN, **IN_TURN}
        inputs = {*page.inputs, self.person, self.role}
        self.give.click(give, inputs, [self.person, *page.shown], **options)


def members_text(members: Mapping[str, str]) -> str:
    """Markdown: who has which role."""
    if not members:
        return tr(
            "This project is open: everybody who can log in may do everything. Give somebody a role to make "
            "it yours."
        )
    titles = {key: title for title, key in role_choices()}
    return "\n".join(f"- {escape_markdown(person)}: {titles[role]}" for person, role in members.items())


def role_choices() -> list[tuple[str, str]]:
    """Titles and keys."""
    titles = {
        "reader": tr("reader (looks and exports)"),
        "annotator": tr("annotator (adds and corrects photos)"),
        "reviewer": tr("reviewer (also approves them)"),
        "owner": tr("owner (also gives roles, deletes for good)"),
    }
    return [*((titles[role], role) for role in ROLES), (tr("no role (does not see the project)"), NO_ROLE)]
