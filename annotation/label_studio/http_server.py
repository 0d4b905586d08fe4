"""Serves the ML backend, and closes connections that only wait."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from annotation.region import AnnotationError

MAX_CONNECTIONS = 64
HEADER_SECONDS = 10.0  # for the first line and the headers of a request


class ImpatientProtocol(H11Protocol):
    """Closes a connection whose next request is not complete up to its body after `HEADER_SECONDS`."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._close_if_waiting)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._deadline is None and self._is_waiting():
            self._deadline = self.loop.call_later(HEADER_SECONDS, self._close_if_waiting)

    def connection_lost(self, error: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(error)

    def _is_waiting(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close_if_waiting(self) -> None:
        self._deadline = None
        if self._is_waiting():
            self.transport.close()


def serve(app: Starlette, host: str, port: int) -> None:
    """Runs until the process is terminated. Raises AnnotationError if the port cannot be used."""
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except (OSError, OverflowError) as error:
        raise AnnotationError(
            f"Port {port} of {host} cannot be used; choose another one (--port)."
        ) from error
    with listener:
        config = uvicorn.Config(
            app,
            http=ImpatientProtocol,
            log_level="warning",
            access_log=False,
            limit_concurrency=MAX_CONNECTIONS,
            server_header=False,
            log_config=None,
        )
        with suppress(KeyboardInterrupt):  # uvicorn raises it again after the shutdown
            uvicorn.Server(config).run(sockets=[listener])
