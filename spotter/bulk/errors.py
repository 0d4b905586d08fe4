"""What stops a run."""

from __future__ import annotations


class BulkError(ValueError):
    """The message is one sentence."""
