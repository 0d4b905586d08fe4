"""Signing in with Hugging Face, on a Space whose README says `hf_oauth: true`."""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import urlencode

import gradio as gr
from gradio.utils import get_space
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from spotter.language import LANGUAGES, tr

# What Hugging Face sets on such a Space.
VARIABLES = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL")
OPEN = ("/login/huggingface", "/login/callback", "/logout", "/health", "/version")


def is_offered() -> bool:
    """Whether visitors of this Space can sign in."""
    return get_space() is not None and all(os.environ.get(name) for name in VARIABLES)


def sign_in_button() -> gr.LoginButton:
    """For the page that is being built; with it, Gradio has the addresses of OPEN."""
    return gr.LoginButton(tr("Sign in with Hugging Face"), tr("Sign out ({})"), size="sm", elem_id="sign-in")


def hide_from_api(demo: gr.Blocks) -> None:
    """The event that writes the name on the button, which Gradio offers to everybody."""
    for function in demo.fns.values():
        if function.name == "_check_login_status":
            function.api_visibility, function.queue = "private", False


def user_info(request: gr.Request | None) -> dict[str, Any]:
    """Of the person who sends a request: `sub`, an id that stays, and `preferred_username`; {} if they have
    not signed in.
    """
    connection = getattr(request, "request", None)
    return user_of_session(connection.scope.get("session", {})) if connection else {}


def user_of_session(session: dict[str, Any]) -> dict[str, Any]:
    """As `user_info`; the session is signed."""
    found = session.get("oauth_info", {})
    return found["userinfo"] if found.get("expires_at", 0) > time.time() else {}


def require_sign_in() -> Middleware:
    """Requires signing in for everything but OPEN; a browser is redirected to the login."""
    return Middleware(SignInGuard)


class SignInGuard:
    """ASGI middleware, see `require_sign_in`; Gradio's own, which reads the session, comes before it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").rstrip("/")
        if scope["type"] != "http" or path in OPEN or user_of_session(scope.get("session", {})):
            await self.app(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD") and path.removeprefix("/") in ("", *LANGUAGES):
            target = {"_target_url": f"{path or '/'}?{scope['query_string'].decode('latin-1')}"}
            await RedirectResponse(f"{OPEN[0]}?{urlencode(target)}", 307)(scope, receive, send)
        else:
            text = tr("Sign in with Hugging Face first: reload the page.")
            await PlainTextResponse(text, 401)(scope, receive, send)
