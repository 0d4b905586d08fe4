"""Review states of an image and the transitions between them."""

from __future__ import annotations

from annotation.region import AnnotationError

STATES = ("new", "in work", "done", "approved")
OPEN_STATES = ("new", "in work")  # the image waits for a person
# A new image may be done at once (the model was right); only a done image is approved; both can be reopened.
TRANSITIONS = {
    "new": ("in work", "done"),
    "in work": ("done",),
    "done": ("in work", "approved"),
    "approved": ("in work",),
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
