"""Which weights people may look at."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from annotation.rounds.service import Rounds
from annotation.store.tables import RoundRow
from spotter.language import speaking


@pytest.fixture
def made(store, rounds):
    """Adds a round with weights that say `content`, to a project by its name."""
    numbers = iter(range(1, 100))

    def add(content: str, project: str = "signs") -> str:
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        path = rounds.context.files.path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        project_id = store.ensure_project(project)
        with store.write() as session:
            row = RoundRow(
                project_id=project_id,
                project=project,
                number=next(numbers),
                state="done",
                started=datetime.now(UTC),
                part="all",
                parent="nano",
                weights=sha256,
                **{name: "" for name in ("who", "reason", "message", "host", "process_started")},
                **{name: 0 for name in ("minutes", "photos", "words", "pid")},
                warnings=[],
            )
            session.add(row)
        return sha256

    return add


def names(rounds: Rounds) -> list[str]:
    return [one.name for one in rounds.offered()]


def test_without_rounds_the_weights_of_the_app(rounds):
    (one,) = rounds.offered()
    assert (one.name, one.weights) == ("nano", "nano")
    assert len(one.sha256) == 64


def test_one_round(rounds, project, made):
    sha256 = made("a")
    (_, one) = rounds.offered()
    assert (one.sha256, one.name, one.weights) == (sha256, "round 1", rounds.context.files.path(sha256))
    with speaking("ko"):
        assert names(rounds) == ["nano", "라운드 1"]


def test_newest_first_each_file_once_and_none_that_is_missing(rounds, project, made):
    made("a")
    rounds.context.files.path(made("b")).unlink()
    made("a")
    assert names(rounds) == ["nano", "round 3"]
    made("c")
    assert names(rounds) == ["nano", "round 4", "round 3"]


def test_rounds_of_several_projects_are_told_apart(rounds, project, made):
    made("a")
    made("b", "menus")
    assert names(rounds) == ["nano", "round 2 of menus", "round 1 of signs"]


def test_rounds_of_a_project_are_hidden_without_a_role_in_it(rounds, store, project, made):
    made("a")
    store.give_role(project, "olga", "owner")
    store.person = lambda: "eve"
    assert names(rounds) == ["nano"]
    store.person = lambda: "olga"
    assert names(rounds) == ["nano", "round 1"]
