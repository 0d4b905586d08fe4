"""Roles: what a person who has logged in may do in a project, checked inside the transaction that does it.

A project belongs to the person who makes it. One without an owner is open: everybody may do everything in it.
Without logins, and on the command line, every project is.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, or_, select, true
from sqlalchemy.orm import Session

from annotation.region import AnnotationError
from annotation.store.authors import MAX_PERSON, person_name
from annotation.store.tables import ImageRow, MemberRow, ProjectRow
from spotter.language import tr

ROLES = ("reader", "annotator", "reviewer", "owner")  # each may do what those before it may
NEEDED = {"look": "reader", "edit": "annotator", "approve": "reviewer", "manage": "owner"}
PERSON = "person"  # key of a session's `info`: who acts, "" if people do not log in


class ForbiddenError(AnnotationError):
    """The role of the person who acts does not allow this."""


def check(session: Session, project_id: int, action: str) -> None:
    """Whether the person who acts may do one of NEEDED in a project. Raises ForbiddenError."""
    role = role_of(session, project_id, session.info.get(PERSON, ""))
    if not may(role, action):
        project = session.get_one(ProjectRow, project_id)
        owners = [name for name, one in members(session, project_id).items() if one == "owner"]
        ask = tr("Ask {names} for another role.", names=tr(" or ").join(owners))
        raise ForbiddenError(f"{refusal(action, project.deleted_name or project.name)} {ask}")


def may(role: str | None, action: str) -> bool:
    """`role`: None or "" without one."""
    return bool(role) and ROLES.index(role or "") >= ROLES.index(NEEDED[action])


def refusal(action: str, project: str) -> str:
    """Why somebody may not do one of NEEDED: one sentence."""
    sentences = {
        "look": tr("You have no role in the project {project}.", project=project),
        "edit": reader_note(project),
        "approve": tr(
            "In the project {project}, only a reviewer approves photos and changes approved ones.",
            project=project,
        ),
        "manage": tr("Only an owner of the project {project} can do this.", project=project),
    }
    return sentences[action]


def reader_note(project: str) -> str:
    return tr(
        "You are a reader of the project {project}: you can look at everything, but change nothing.",
        project=project,
    )


def check_image(session: Session, image_id: int, action: str) -> None:
    """`check` in the project of an image. Raises ForbiddenError."""
    check(session, session.get_one(ImageRow, image_id).project_id, action)


def role_of(session: Session, project_id: int, person: str) -> str | None:
    """None: no role. Whoever has no name is an owner."""
    if not person:
        return "owner"
    roles = members(session, project_id)
    return roles.get(person_name(person)) if roles else "owner"


def members(session: Session, project_id: int) -> dict[str, str]:
    """Roles by name, ordered by name; {} if the project is open."""
    query = select(MemberRow.person, MemberRow.role).where(MemberRow.project_id == project_id)
    return {person: role for person, role in session.execute(query.order_by(MemberRow.person))}


def is_visible(session: Session) -> ColumnElement[bool]:
    """The projects in which the person who acts has a role."""
    person = session.info.get(PERSON, "")
    if not person:
        return true()
    members_of = select(MemberRow.person).where(MemberRow.project_id == ProjectRow.id)
    return or_(~members_of.exists(), members_of.where(MemberRow.person == person_name(person)).exists())


def give_role(session: Session, project_id: int, person: str, role: str | None) -> None:
    """Gives a person a role in a project; None takes it away. In a project without roles, whoever gives the
    first one becomes its owner, if they are logged in.

    Raises ForbiddenError; AnnotationError if the project would be left without an owner.
    """
    check(session, project_id, "manage")
    person, giver = " ".join(person.split()), session.info.get(PERSON, "")
    if not 1 <= len(person) <= MAX_PERSON or person_name(person) != person:
        raise AnnotationError(
            tr(
                "Type the name with which the person logs in, of at most {max_person} characters.",
                max_person=MAX_PERSON,
            )
        )
    if role is not None and role not in ROLES:
        raise AnnotationError(
            tr("There is no role {role!r}; choose one of {known}.", role=role, known=", ".join(ROLES))
        )
    if role is None and person not in members(session, project_id):
        raise AnnotationError(tr("{person} has no role in this project.", person=person))
    if giver and not members(session, project_id):
        _set(session, project_id, person_name(giver), "owner")
    _set(session, project_id, person, role)
    roles = members(session, project_id)
    if roles and "owner" not in roles.values():
        raise AnnotationError(tr("A project needs an owner; make somebody else an owner first."))


def _set(session: Session, project_id: int, person: str, role: str | None) -> None:
    session.execute(delete(MemberRow).where(MemberRow.project_id == project_id, MemberRow.person == person))
    if role is not None:
        session.add(MemberRow(project_id=project_id, person=person, role=role))
        session.flush()
