"""What is known about a project, and what a visitor has chosen."""

from __future__ import annotations

import pytest

from annotation.tabs.rounds.page import APP_WEIGHTS, Choice, ensure, look
from tests.annotation.tabs.rounds.fake import finished


def test_a_project_without_rounds(situation):
    found = situation()
    assert (found.rounds, found.chosen, found.key, found.running, found.unfinished) == (
        [],
        None,
        "",
        None,
        None,
    )
    assert (found.serves_app, found.served_name, found.project) == (True, "nano", "p")


def test_the_newest_round_with_a_verdict_is_chosen(rounds, situation, project_id):
    failed = finished(2, project_id, state="failed", verdict=None)
    rounds.rounds = [finished(1, project_id), failed, finished(3, project_id, state="training", verdict=None)]
    assert (situation().chosen.id, situation().running.id, situation().unfinished) == (1, 3, None)
    rounds.rounds = [failed]
    assert (situation().chosen, situation().unfinished, situation().key) == (failed, failed, "2")


@pytest.mark.parametrize(("wanted", "key"), [(1, "1"), (APP_WEIGHTS, "0"), (99, "2")])
def test_a_choice_holds_while_its_round_exists(rounds, situation, project_id, wanted, key):
    rounds.rounds = [finished(1, project_id), finished(2, project_id)]
    assert situation(round_id=wanted).key == key


def test_another_round_or_other_weights_are_noticed(rounds, situation, project_id):
    before = situation().seen
    rounds.rounds = [finished(1, project_id, served=True)]
    served = situation()
    assert served.seen != before
    assert (served.serves_app, served.served_name) == (False, "p-round-1")
    assert served.choice.seen == served.seen
    rounds.start(project_id)
    assert situation().seen != served.seen


def test_a_deleted_project_gives_way_to_the_default_one(rounds, store):
    default = store.ensure_project("default")
    assert ensure(None, rounds) == ensure(Choice(99, 3), rounds) == Choice(default)
    assert ensure(Choice(default, 3), rounds) == Choice(default, 3)
    assert look(rounds, Choice(default)).project == "default"
