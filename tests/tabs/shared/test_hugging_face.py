"""Signing in with Hugging Face, whose place a small OpenID provider takes."""

from __future__ import annotations

import time
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import gradio as gr
import pytest
from gradio.context import LocalContext
from gradio.routes import App
from joserfc import jwt
from joserfc.jwk import OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from spotter.tabs.shared import hugging_face
from spotter.tabs.shared.visitor import HUGGING_FACE, login_name, name_people_by
from tests.servers import running

SPACE = "https://a-b.hf.space"
KEY = OctKey.import_key("a key of the provider of this test")
SECONDS = 3600


def provider(nonces: list[str]) -> Starlette:
    """Everybody who comes with the code "good" is ann; `nonces`: the last one is that of the login."""

    def configuration(request: Request) -> JSONResponse:
        base = str(request.base_url).rstrip("/")
        places = {"authorization": "authorize", "token": "token"}
        answer = {f"{name}_endpoint": f"{base}/{path}" for name, path in places.items()}
        answer |= {"issuer": base, "jwks_uri": f"{base}/keys"}
        return JSONResponse(answer | {"id_token_signing_alg_values_supported": ["HS256"]})

    async def token(request: Request) -> JSONResponse:
        form = await request.form()
        if form["code"] != "good":
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {"iss": str(request.base_url).rstrip("/"), "aud": "client", "sub": "42", "nonce": nonces[-1]}
        claims |= {"iat": int(time.time()), "exp": int(time.time()) + SECONDS, "preferred_username": "ann"}
        signed = jwt.encode({"alg": "HS256"}, claims, KEY)
        return JSONResponse({"token_type": "bearer", "expires_in": SECONDS, "id_token": signed})

    def keys(request: Request) -> JSONResponse:
        return JSONResponse({"keys": [KEY.as_dict()]})

    routes = [Route("/.well-known/openid-configuration", configuration), Route("/keys", keys)]
    return Starlette(routes=[*routes, Route("/token", token, methods=["POST"])])


@pytest.fixture(scope="module")
def nonces() -> list[str]:
    return []


@pytest.fixture(scope="module")
def provider_url(nonces):
    with running(provider(nonces)) as url:
        yield url


@pytest.fixture
def space(monkeypatch, provider_url):
    """The environment of a Space with `hf_oauth: true`."""
    values = {
        "SYSTEM": "spaces",
        "SPACE_ID": "a/b",
        "SPACE_HOST": "a-b.hf.space",
        "OAUTH_CLIENT_ID": "client",
    }
    values |= {"OAUTH_CLIENT_SECRET": "secret", "OAUTH_SCOPES": "openid profile"}
    values["OPENID_PROVIDER_URL"] = provider_url
    for name, value in values.items():
        monkeypatch.setenv(name, value)
        if name in hugging_face.VARIABLES:  # read when gradio is imported
            monkeypatch.setattr(gr.oauth, name, value)


@pytest.fixture
def visit(space):
    """Makes a browser at an app that answers with the name of who has signed in."""

    def open_app(is_required: bool) -> TestClient:
        with gr.Blocks() as demo:
            hugging_face.sign_in_button()
            name = gr.Textbox()
            name.change(login_name, None, name, api_name="name", queue=False)
        hugging_face.hide_from_api(demo)
        middleware = [hugging_face.require_sign_in()] if is_required else []
        app = App.create_app(demo, app_kwargs={"middleware": middleware})
        return TestClient(app, base_url=SPACE, follow_redirects=False)

    name_people_by(HUGGING_FACE)
    yield open_app
    name_people_by("")


def name_of(browser: TestClient) -> str:
    (name,) = browser.post("/gradio_api/run/name", json={"data": []}).json()["data"]
    return name


def sign_in(browser: TestClient, nonces: list[str], code: str = "good"):
    """The answer to the visitor who comes back from the provider."""
    there = browser.get("/login/huggingface?_target_url=/ko")
    query = parse_qs(urlsplit(there.headers["location"]).query)
    assert query["redirect_uri"] == [f"{SPACE}/login/callback?_target_url=%2Fko"]
    nonces.append(query["nonce"][0])
    back = {"code": code, "state": query["state"][0], "_target_url": "/ko"}
    return browser.get("/login/callback", params=back)


def test_where_it_is_offered(space, monkeypatch):
    assert hugging_face.is_offered()
    monkeypatch.delenv("OPENID_PROVIDER_URL")
    assert not hugging_face.is_offered()
    monkeypatch.undo()
    assert not hugging_face.is_offered()


def test_the_name_stands_by_itself(visit, nonces):
    browser = visit(is_required=False)
    assert name_of(browser) == ""
    back = sign_in(browser, nonces)
    assert (back.status_code, back.headers["location"]) == (307, "/ko")
    assert name_of(browser) == "ann"
    browser.get("/logout")
    assert name_of(browser) == ""


def test_a_made_up_session_names_nobody(visit):
    browser = visit(is_required=False)
    browser.cookies.set("session", "eyJvYXV0aF9pbmZvIjoge319.aaaa.bbbb", domain="a-b.hf.space")
    assert name_of(browser) == ""


def test_a_state_of_somebody_else_signs_nobody_in(visit):
    browser = visit(is_required=False)
    browser.get("/login/huggingface")
    back = browser.get("/login/callback", params={"code": "good", "state": "other"})
    assert back.headers["location"].startswith("/login/huggingface")
    assert name_of(browser) == ""


def test_where_it_is_required_nothing_is_seen_before(visit, nonces):
    browser = visit(is_required=True)
    page = browser.get("/?tab=correct")
    assert (page.status_code, page.headers["location"]) == (
        307,
        "/login/huggingface?_target_url=%2F%3Ftab%3Dcorrect",
    )
    assert browser.get("/ko").headers["location"] == "/login/huggingface?_target_url=%2Fko%3F"
    for path in ("/config", "/gradio_api/info", "/gradio_api/file=a.png"):
        assert (browser.get(path).status_code, browser.get(path).text[:7]) == (401, "Sign in")
    assert browser.post("/gradio_api/run/name", json={"data": []}).status_code == 401
    sign_in(browser, nonces)
    assert browser.get("/gradio_api/info").status_code == 200
    assert name_of(browser) == "ann"


def test_a_login_ends(visit, nonces, monkeypatch):
    browser = visit(is_required=True)
    sign_in(browser, nonces)
    later = time.time() + SECONDS + 60
    monkeypatch.setattr(hugging_face.time, "time", lambda: later)
    assert browser.get("/gradio_api/info").status_code == 401


def test_the_event_of_the_button_is_not_offered(visit):
    visit(is_required=False)
    with gr.Blocks() as demo:
        hugging_face.sign_in_button()
    hugging_face.hide_from_api(demo)
    assert demo.get_api_info()["named_endpoints"] == {}


@pytest.mark.parametrize("request_", [None, SimpleNamespace(request=None), SimpleNamespace()])
def test_without_a_connection_nobody_has_signed_in(request_):
    assert hugging_face.user_info(request_) == {}
    name_people_by(HUGGING_FACE)
    token = LocalContext.request.set(request_)
    assert login_name() == ""
    LocalContext.request.reset(token)
    name_people_by("")
