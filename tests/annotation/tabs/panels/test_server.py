"""Push to and pull from a Label Studio server on the page; the exchange itself is tested in test_sync.py."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.label_studio.client import ServerError
from annotation.tabs.panels import server
from annotation.tabs.panels.server import URL_VARIABLE, ServerFields, connect
from annotation.tabs.panels.transfer import TransferPanel


def test_the_token_of_the_environment_is_only_sent_to_its_own_server(monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "secret")
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:8080/")
    assert connect("http://127.0.0.1:8080", "").url == "http://127.0.0.1:8080"
    for url, says in (("http://other:8080", "Enter an access token"), ("", "Enter the address")):
        with pytest.raises(ServerError, match=says):
            connect(url, "")


@pytest.mark.parametrize("label", ["Push to the server", "Pull from the server"])
def test_a_refusal_is_the_report_and_keeps_the_token(open_tab, label):
    tab = open_tab()
    token = tab.find(label="Access token")
    tab.values[token] = "secret"
    tab.click(label)
    value = tab.values[tab.find(named="Import/export report")]
    assert value["head"] == f"{label}: refused"
    assert [row["title"] for row in value["rows"]] == ["Enter the address of the Label Studio server."]
    assert tab.values[token] == "secret"


def test_visitors_name_no_address_unless_they_may(monkeypatch):
    with gr.Blocks():
        assert TransferPanel(any_server=True).server.url.interactive
        monkeypatch.delenv(URL_VARIABLE, raising=False)
        assert TransferPanel(any_server=False).server is None
        monkeypatch.setenv(URL_VARIABLE, "http://labels.example")
        fields = TransferPanel(any_server=False).server
    assert (fields.url.interactive, fields.url.value) == (False, "http://labels.example")


def test_an_address_that_is_sent_all_the_same_is_not_used(open_tab, monkeypatch):
    connected = []
    monkeypatch.setattr(server, "connect", lambda url, token: connected.append(url) or connect("", ""))
    monkeypatch.setenv(URL_VARIABLE, "http://labels.example")
    make = ServerFields.__init__
    monkeypatch.setattr(ServerFields, "__init__", lambda self, any_address: make(self, any_address=False))
    tab = open_tab()
    tab.values[tab.find(label="Address")] = "http://169.254.169.254"
    tab.click("Push to the server")
    assert connected == ["http://labels.example"]
