"""Review states of an image and the transitions between them."""

from __future__ import annotations

from annotation.region import AnnotationError
from spotter.language import tr

SKIPPED = "skipped"  # not to be annotated, for a reason; never exported
STATES = ("new", "in work", "done", "approved", SKIPPED)
OPEN_STATES = ("new", "in work")  # the image waits for a person
CONFIRMED_STATES = ("done", "approved")  # a person has confirmed all regions
DELETED = "deleted"  # in the bin, and only there: none of STATES, see annotation.store.bin
# A new image may be done at once (the model was right); only a done image is approved; both can be reopened.
TRANSITIONS = {
    "new": ("in work", "done", SKIPPED),
    "in work": ("done", SKIPPED),
    "done": ("in work", "approved"),
    "approved": ("in work",),
    SKIPPED: ("new", "in work"),
}


def state_name(state: str) -> str:
    """One of STATES, or DELETED, in the current language."""
    names = {
        "new": tr("new"),
        "in work": tr("in work"),
        "done": tr("done"),
        "approved": tr("approved"),
        SKIPPED: tr("skipped"),
        DELETED: tr("deleted"),
    }
    return names[state]


def reason_names() -> dict[str, str]:
    """The reasons to skip a photo that are offered: as they are stored, and in the current language."""
    return {
        "No text": tr("No text"),
        "Too blurred or too dark": tr("Too blurred or too dark"),
        "Another script": tr("Another script"),
        "People or private data": tr("People or private data"),
        "Twice here": tr("Twice here"),
    }


def reason_name(reason: str) -> str:
    """A stored reason, which a person may have typed."""
    return reason_names().get(reason, reason)


class StateError(AnnotationError):
    """A change of state that is not allowed."""


def check_transition(before: str, after: str) -> None:
    """Raises StateError if an image in state `before` may not go to the state `after`."""
    if after not in STATES:
        known = ", ".join(STATES)
        raise StateError(
            tr("There is no state {state!r}; expected one of {known}.", state=after, known=known)
        )
    if after != before and after not in TRANSITIONS[before]:
        allowed = tr(" or ").join(map(state_name, TRANSITIONS[before]))
        message = tr(
            "An image that is {before} cannot become {after}, only {allowed}.",
            before=state_name(before),
            after=state_name(after),
            allowed=allowed,
        )
        raise StateError(message)
