"""A limit of memory for this process and those that it starts."""

from __future__ import annotations

from contextlib import suppress


def limit_memory(gigabytes: float) -> None:
    """Ends the process with an error, rather than the machine, when it needs more. No limit on Windows."""
    with suppress(ImportError):
        import resource

        limit = int(gigabytes * 2**30)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
