"""Arguments that event listeners share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Handler = TypeVar("Handler", bound=Callable[..., Any])

# One photo at a time: the spotter uses every core.
QUEUE: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
# No components to show progress on: gradio copies the state of each and of its children with every event.
HIDDEN: dict[str, Any] = {**PRIVATE, "show_progress": "hidden", "show_progress_on": []}


def urgent(handler: Handler) -> Handler:
    """Marks the handler of events that go before those of other visitors, see `fair_queue`."""
    handler.__dict__["urgent"] = True
    return handler


def is_urgent(handler: Callable[..., Any] | None) -> bool:
    return getattr(handler, "urgent", False)
