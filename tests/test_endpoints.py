"""Every event of the page, as strangers may call it: with values that no page sends.

Events are found by themselves, so that new ones are tried too. Each gives a result or one sentence, and none
shows or changes what a role forbids.
"""

from __future__ import annotations

import io
import json
import os
import random
from typing import Any

import gradio as gr
import pytest
from gradio.block_function import BlockFunction
from gradio.events import EventData
from gradio.state_holder import SessionState
from PIL import Image

import app
from annotation.store.store import Store, open_store
from spotter.language import ENGLISH
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.visitor import LOGIN, login_name, name_people_by
from tests.coroutines import run

START = "start"  # name of what is called when a tab is opened
TRIES = max(1, int(os.environ.get("FUZZ", "500")) // 500)  # per event
HIDDEN, WORD, PHOTO = "hidden", "HIDDENWORD", "hidden-photo.jpg"  # of somebody else's project
TABLES = {"images": "project_id", "projects": "id", "members": "project_id", "regions": "image_id"}
TABLES |= {"revisions": "image_id", "reviews": "image_id"}  # and the column with the project or the image
FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
ODD = [
    *(None, "", "x" * 5000, "\ud800", "<b>", "../..", "=1+1", True, 0, 1, 2, -1, 2**70, 1e308),
    *(float("nan"), float("inf"), [], {}, [[]], [None], {"path": None}, [1, 2], HIDDEN, [HIDDEN], "1", "2"),
    *({"picked": [key, ""]} for key in ("2", str(2**70), f"{2**70}:a", "-1", "²")),
    *({"image_id": "2"}, {"who": ["bob"], "project": HIDDEN, "image": 2}, FILE, [FILE]),
]
SELECTED = [None, 2, "2", {}, {"id": 2}, {"index": float("nan"), "value": None}]
SELECTED += [{"index": index, "value": "2"} for index in (0, 2, 2**70, "2", [0, 1], [2, "a"], None)]


def picture(seed: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (seed, 0, 0)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def page(tiny_file, tmp_path_factory):
    """The page, with an open project and one of bob's; the latter and its image have the id 2."""
    folder = tmp_path_factory.mktemp("endpoints")
    with pytest.MonkeyPatch.context() as patch, open_store(f"sqlite:///{folder}/a.db") as store:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        patch.setattr(app, "LANGUAGES", {ENGLISH: "English"})
        names = ((store.ensure_project("default"), "open.jpg", "OPEN"), (None, PHOTO, WORD))
        store.person = lambda: "bob"
        for number, (project, name, text) in enumerate(names):
            project = project or store.ensure_project(HIDDEN, is_own=True)
            image, _ = store.add_image(project, picture(number), name)
            word = {"id": "a", "polygon": [[1, 1], [9, 1], [9, 9]], "text": text}
            store.save_regions(image.id, image.version, [word], "bob")
        store.person = login_name
        name_people_by(LOGIN)
        yield app.build(Loader(str(tiny_file)), store, any_server=False), store
        name_people_by("")


class Visitor:
    """Eve, who has no role in the hidden project."""

    def __init__(self, demo: gr.Blocks) -> None:
        self.demo, self.state = demo, SessionState(demo)
        self.request = gr.Request(username="eve", session_hash="s", headers={}, query_params={}, cookies={})

    def usual(self, function: BlockFunction) -> list[Any]:
        """What the page sends at the beginning."""
        return [
            None if block.stateful else self.state.config_values[block._id]["props"].get("value")
            for block in function.inputs
        ]

    async def call(self, function: BlockFunction, values: list[Any], selected: Any) -> str:
        """The answer, or the sentence of a refusal; anything else fails."""
        event = EventData(self.demo.blocks.get(function.targets[0][0]), selected)
        refusal = None
        try:
            answer = await self.demo.process_api(
                function, values, state=self.state, request=self.request, event_data=event
            )
        except gr.Error as error:
            refusal = error
        if refusal is None:
            return json.dumps(answer["data"], default=str)
        what = f"{function.name}({values}, {selected})"
        assert not refusal.print_exception, f"{refusal.__cause__!r}: {what}"
        assert refusal.message.strip(), what
        assert "Traceback" not in refusal.message, what
        return refusal.message


def functions(demo: gr.Blocks) -> list[BlockFunction]:
    """Those of Python; what opens the tabs first, so that a visitor's session exists."""
    found = [function for function in demo.fns.values() if function.fn is not None]
    return sorted(found, key=lambda function: function.name != START)


def rows(store: Store) -> list:
    """All that belongs to the hidden project or its image."""
    with store.engine.connect() as connection:
        queries = [f"SELECT * FROM {table} WHERE {column} = 2" for table, column in TABLES.items()]
        return [connection.exec_driver_sql(query).fetchall() for query in queries]


def test_the_hidden_project_is_what_the_test_takes_it_for(page):
    _, store = page
    assert WORD in str(rows(store))
    assert PHOTO in str(rows(store))


def test_no_event_fails_and_none_shows_or_changes_what_is_hidden(page):
    demo, store = page
    before = rows(store)

    async def walk() -> None:
        visitor = Visitor(demo)
        for function in functions(demo):
            rng = random.Random(function.api_name)
            if function.name == START:
                await visitor.call(function, visitor.usual(function), None)
            for _ in range(TRIES):
                values = visitor.usual(function)
                for place in rng.sample(range(len(values)), min(2, len(values))):
                    if not function.inputs[place].stateful:
                        values[place] = rng.choice(ODD)
                selected = rng.choice(SELECTED)
                answer = await visitor.call(function, values, selected)
                for secret in (WORD, PHOTO, "root:x:"):
                    assert secret not in answer, f"{function.name}({values}, {selected})"

    run(walk())
    assert rows(store) == before
