"""Who sends a request: an address, and a person if people log in with names of their own."""

from __future__ import annotations

import ipaddress

from gradio.context import LocalContext
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from spotter.tabs.shared.hugging_face import user_info

IPV6_PREFIX = 64  # bits that one customer of a provider has in common
LOGIN = "login"  # of this page
HUGGING_FACE = "Hugging Face"  # where people sign in

_source = ""  # LOGIN, HUGGING_FACE, the header in which a proxy names people, or "": people type their names


def name_people_by(source: str) -> None:
    """`source`: LOGIN, HUGGING_FACE, the name of a header that a trusted proxy sets, or "" if people type
    their names.
    """
    global _source
    _source = source


def login_name() -> str:
    """Of the person whose request is being answered; "" if people type their names."""
    request = LocalContext.request.get(None)
    if request is None or not _source:
        return ""
    if _source == HUGGING_FACE:
        return user_info(request).get("preferred_username", "")
    return (request.username if _source == LOGIN else request.headers.get(_source.lower())) or ""


def require_header(name: str) -> Middleware:
    """Refuses what has not come through the proxy that names people in this header."""
    return Middleware(HeaderGuard, name=name)


class HeaderGuard:
    """ASGI middleware, see `require_header`."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app, self.name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not Headers(scope=scope).get(self.name, "").strip():
            text = "This page is reached through its proxy, after a login there."
            await PlainTextResponse(text, 401)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def network_of(request: HTTPConnection) -> str:
    """The address that limits are counted for; of IPv6, its network, in which everybody has many."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # of a test, or a Unix socket
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
