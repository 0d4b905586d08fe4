"""Arguments that event listeners share."""

from __future__ import annotations

from typing import Any

# One photo at a time: the spotter uses every core.
QUEUE: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1}
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
HIDDEN: dict[str, Any] = {**PRIVATE, "show_progress": "hidden"}
