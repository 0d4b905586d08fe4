"""Review states of an image and the transitions between them."""

from __future__ import annotations

from annotation.region import AnnotationError

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


class StateError(AnnotationError):
    """A change of state that is not allowed."""


def check_transition(before: str, after: str) -> None:
    """Raises StateError if an image in state `before` may not go to the state `after`."""
    if after not in STATES:
        raise StateError(f"There is no state {after!r}; expected one of {', '.join(STATES)}.")
    if after != before and after not in TRANSITIONS[before]:
        allowed = " or ".join(TRANSITIONS[before])
        raise StateError(f"An image that is {before} cannot become {after}, only {allowed}.")
