"""Keeps other websites away from the page.

A browser sends requests of any website, also to a server on its own machine. With DNS rebinding an attacker's
domain name leads there, so the page answers only to names that it knows. Requests that change something must
come from the page itself, and only chosen websites may show it in a frame.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
HUGGING_FACE = ("https://huggingface.co", "https://*.huggingface.co")  # shows Spaces in a frame


def keep_websites_away(hosts: Iterable[str] = (), embed: Iterable[str] = ()) -> Middleware:
    """Middleware for the app.

    hosts: names that the page answers to, in addition to IP addresses, localhost, the name of this machine
        and, on a Hugging Face Space, that of the Space
    embed: websites, such as https://school.example, that may show the page in a frame, in addition to
        itself and, on a Space, Hugging Face
    """
    public, frames = {host.lower() for host in hosts}, ["'self'", *embed]
    if "SPACE_ID" in os.environ:
        public |= set(filter(None, os.environ.get("SPACE_HOST", "").lower().split(",")))
        frames += HUGGING_FACE
    return Middleware(WebsiteGuard, public=frozenset(public), frames=tuple(frames))


class WebsiteGuard:
    """ASGI middleware, see `keep_websites_away`."""

    def __init__(self, app: ASGIApp, public: frozenset[str], frames: tuple[str, ...]) -> None:
        """public: names of the page, in lower case, that a proxy may not pass on; frames: sources of the
        directive frame-ancestors.
        """
        self.app, self.public = app, public
        self.names = public | {"localhost", socket.gethostname().lower()}
        self.policy = f"frame-ancestors {' '.join(frames)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        name = host_name(headers.get("host", ""))
        if not self.is_known(name):
            text = f"This page does not answer to the name {name!r}. Whoever runs it can --allow-host {name}."
            await PlainTextResponse(text, 421)(scope, receive, send)
        elif scope["method"] not in SAFE_METHODS and not self.is_own_origin(headers):
            text = "This request comes from another website, so it is refused."
            await PlainTextResponse(text, 403)(scope, receive, send)
        else:
            await self.app(scope, receive, self.with_policy(send))

    def is_known(self, name: str) -> bool:
        return name in self.names or is_ip_address(name)

    def is_own_origin(self, headers: Headers) -> bool:
        """Whether a request comes from this page or from no website (curl, gradio_client)."""
        origin = headers.get("origin")
        if origin is None:
            return True
        own = headers.get("host", "").lower()
        return (
            origin.lower() in (f"http://{own}", f"https://{own}") or host_name_of_url(origin) in self.public
        )

    def with_policy(self, send: Send) -> Send:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["content-security-policy"] = self.policy
            await send(message)

        return send_with_policy


def host_name(host: str) -> str:
    """The name or address in a Host header, without its port, in lower case; "" if there is none."""
    return host_name_of_url(f"//{host}")


def host_name_of_url(url: str) -> str:
    """The name or address in a URL, in lower case; "" if there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets without an address
        return ""


def is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
