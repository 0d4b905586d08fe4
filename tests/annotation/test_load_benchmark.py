"""People of the load benchmark on the Correct tab."""

from __future__ import annotations

import os
from typing import cast

import httpx
import pytest
from gradio import networking

from annotation import load_benchmark
from annotation.load_benchmark import (
    EDIT,
    OPEN,
    PHOTOS,
    ActionError,
    Person,
    Report,
    fill,
    main,
    memory,
    visit,
)
from tests.browser.correct.page import CorrectApp
from tests.coroutines import run


async def read_nothing(person: Person) -> None:
    """The Correct tab alone has no Read."""


@pytest.fixture
def people(store, tiny_file, monkeypatch):
    """Their visit for this many seconds, as a function; two, without pauses."""
    for name, value in {
        "PAUSE": 0.02,
        "REST": 0.0,
        "NEXT": 0.3,
        "READ": 0.0,
        "PHOTOS": 2,
        "WORDS": 3,
    }.items():
        monkeypatch.setattr(load_benchmark, name, value)
    monkeypatch.setattr(Person, "read", read_nothing)
    monkeypatch.setattr(networking, "url_ok", lambda url: True)  # it gives up after 3 seconds
    images = fill(store, users=2)
    app = CorrectApp(store, tiny_file)
    yield lambda seconds: run(visit(app.demo.local_url, os.getpid(), images, seconds))
    app.demo.close()


def test_people_correct_words_of_their_own_photos(store, people):
    report, measured = people(4)
    assert report.errors == []
    assert len(report.seconds[OPEN]) == 2
    assert report.seconds[EDIT]
    assert len(report.rows()) == 1 + len(report.seconds)
    assert all(value > 0 for value in measured)
    texts = [region.text for image in store.image_list(1) for region in store.regions(image.id)]
    assert len(texts) == 2 * 2 * 3
    assert any(len(text) > len("word0") for text in texts)


def test_what_fails_is_counted():
    async def refuse() -> None:
        raise ActionError("There is no room.")

    report = Report()
    person = Person(cast(httpx.AsyncClient, None), report, 1, [])
    run(person.take(EDIT, refuse()))
    assert report.errors == [f"{EDIT}: There is no room."]
    assert not report.seconds


@pytest.mark.parametrize("users", [0, 1])
def test_each_has_photos(store, users, monkeypatch):
    monkeypatch.setattr(load_benchmark, "WORDS", 2)
    images = fill(store, users)
    assert [len(each) for each in images] == [PHOTOS] * users
    assert all(len(store.regions(image)) == 2 for each in images for image in each)


def test_the_memory_of_a_process():
    assert memory(os.getpid()) > 10


@pytest.mark.parametrize("arguments", [["--users", "0"], ["--seconds", "0"], ["--users", "x"]])
def test_invalid_options(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "--users" in capsys.readouterr().err
