"""The endpoint `/read`, called by programs and assistants."""

from __future__ import annotations

import base64
from io import BytesIO

import gradio as gr
import pytest
from anyio.from_thread import start_blocking_portal
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from spotter.tabs.read.api import add_read_api
from spotter.tabs.shared.loading import Loader
from spotter.types import Character, Word

WORD = Word("w0", [[1.0, 2], [9, 2], [9, 8]], [1.0, 2, 9, 8], "Hi", 0.9, 0.8, [Character("H", 0.9)])


class OneWord:
    """In place of a spotter; its word's id tells the options."""

    card = {"name": "nano", "sha256": "3f2a"}  # noqa: RUF012

    def spot(self, image, threshold=None, short_side=None):
        return [Word(f"{threshold} {short_side}", *list(vars(WORD).values())[1:])]


@pytest.fixture(scope="module")
def url():
    loader = Loader("nano")
    loader.spotter = OneWord
    with gr.Blocks() as demo:
        add_read_api(loader)
    demo.launch(prevent_thread_lock=True, quiet=True, _frontend=False, mcp_server=True)
    yield demo.local_url
    demo.close()


@pytest.fixture
def photo(tmp_path) -> str:
    Image.new("RGB", (60, 40)).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def test_a_program_gets_what_the_command_line_writes(url, photo):
    client = Client(url, verbose=False)
    result = client.predict(handle_file(photo), api_name="/read")
    assert result.pop("seconds") >= 0
    assert result == {
        "image": "photo.png",
        "width": 60,
        "height": 40,
        "words": [WORD.to_dict() | {"id": "None None"}],
        "model": {"name": "nano", "sha256": "3f2a", "trained_images": None},
    }
    result = client.predict(handle_file(photo), threshold=0.5, short_side=320, api_name="/read")
    assert result["words"][0]["id"] == "0.5 320"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"threshold": 40}, "The threshold must be from 0 to 1, not 40."),
        ({"short_side": 1}, "The short side must be from 32 to 4096 pixels, not 1."),
    ],
)
def test_options_out_of_range(url, photo, options, sentence):
    with pytest.raises(AppError, match=sentence):
        Client(url, verbose=False).predict(handle_file(photo), api_name="/read", **options)


def test_no_photo_and_none_that_can_be_read(url, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    client = Client(url, verbose=False)
    for given, sentence in (
        (None, "There is no photo"),
        (handle_file(str(tmp_path / "a.png")), "not an image"),
    ):
        with pytest.raises(AppError, match=sentence):
            client.predict(given, api_name="/read")


def test_an_assistant_finds_the_tool_and_calls_it(url):
    stream = BytesIO()
    Image.new("RGB", (60, 40)).save(stream, "PNG")
    photo = f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"

    async def use():
        async with (
            streamable_http_client(f"{url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            (tool,) = (await session.list_tools()).tools
            return tool, await session.call_tool(tool.name, {"photo": photo, "threshold": 0.5})

    with start_blocking_portal() as portal:
        tool, result = portal.call(use)
    assert tool.name.endswith("read")
    assert tool.description.startswith("Finds and reads the words on a photo.")
    assert set(tool.inputSchema["properties"]) == {"photo", "threshold", "short_side"}
    assert not result.isError
    assert "'text': 'Hi'" in result.content[0].text
