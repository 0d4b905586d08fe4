"""The facade: start, watch, stop, resume, promote, roll back, delete."""

from __future__ import annotations

import threading
import time
from itertools import chain

import pytest

from annotation.region import AnnotationError
from annotation.rounds import starting
from annotation.rounds.records import RUNNING, RoundError
from annotation.rounds.service import Rounds
from annotation.store.project_changes import delete_project
from annotation.store.purge import erase_project
from annotation.store.roles import ForbiddenError


def test_an_empty_project(rounds, project):
    gain = rounds.gain(project)
    assert (gain.photos, gain.words, gain.kinds, gain.holdout, gain.missing) == (0, 0, {}, 0, 10)
    assert (gain.since, gain.part, gain.warnings) == ("nano", "all", [])
    assert (rounds.list(project), rounds.current()) == ([], None)
    assert rounds.served()[1] == "nano"
    assert rounds.csv(project).startswith("project,number,state")
    with pytest.raises(RoundError, match="No photo was corrected since nano"):
        rounds.start(project)
    assert rounds.list(project) == []


def test_one_photo_is_too_few(rounds, project, corrected):
    corrected(1)
    assert rounds.gain(project).missing == 9
    with pytest.raises(RoundError, match="9 corrected photos are missing"):
        rounds.start(project)


def test_a_round(rounds, project, corrected, store):
    ids = corrected(12)
    gain = rounds.gain(project)
    assert (gain.photos, gain.words, gain.holdout, gain.missing) == (12, 12, 5, 0)
    assert gain.kinds == {"text": 12}
    assert gain.reason == "Of 12 corrections 12 were text (mostly 0 for O): the recogniser is trained."
    started = rounds.start(project, who="ann")
    assert started.state in (*RUNNING, "done")  # it takes a moment
    assert (started.number, started.part) == (1, "recogniser")
    job = rounds.context.folder(started.id).job()
    assert (job.parent, len(job.train), job.replay, len(job.holdout)) == ("nano", 7, [], 5)
    assert {*job.train, *job.holdout} == {*ids}
    done = rounds.wait(started.id)
    assert (done.state, done.message, done.photos, done.words) == ("done", "", 7, 7)
    assert done.verdict.difference.value == pytest.approx(0.1)
    assert rounds.weights_of(done.id).is_file()
    assert rounds.changes(done.id) == []
    assert rounds.progress(done.id).losses == [(0.1, 2.0)]
    assert not (rounds.context.folder(done.id).path / "weights.safetensors").exists()
    assert rounds.list(project) == [done]
    assert rounds.csv(project).count("\r\n") == 2


def test_characters_that_the_reader_does_not_know_are_learnt(rounds, project, corrected):
    corrected(10, "CAFE", "CAFÉ")
    assert rounds.gain(project).characters == "É"
    first = rounds.wait(rounds.start(project, characters="é, ü").id)
    assert first.reason.endswith("The reader learns 3 more characters: É é ü.")
    assert rounds.context.folder(first.id).job().characters == "Ééü"
    with pytest.raises(RoundError, match="The detector learns no characters"):
        rounds.start(project, part="detector", characters="ß")
    assert rounds.gain(project).named == "éü"  # kept for the project
    second = rounds.wait(rounds.start(project, part="detector", who="ann").id)
    assert rounds.context.folder(second.id).job().characters == ""
    assert rounds.gain(project).named == "éü"
    with pytest.raises(RoundError, match="Only characters that can be printed"):
        rounds.name_characters(project, "\x07")
    rounds.name_characters(project, "ß")
    assert rounds.gain(project).named == "ß"
    # Weights that know them, as those of a promoted round do, and a rollback to those that do not.
    rounds.promote(first.id, "ann", "to see it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            starting, "read_characters", lambda file: "CAFEÉ" if first.weights in str(file) else "CAFE"
        )
        corrected(1, "CAFE", "CAFÉ")
        assert rounds.gain(project).characters == ""
        rounds.rollback(None, "ann")
        assert rounds.gain(project).characters == "É"


def test_a_detector_that_would_be_trained_alone_is_not_if_there_are_characters_to_learn(
    rounds, project, corrected, monkeypatch
):
    monkeypatch.setattr(starting, "choose_part", lambda *_: ("detector", "Only shapes."))
    corrected(10)
    assert rounds.gain(project).part == "detector"
    assert rounds.wait(rounds.start(project, characters="é").id).part == "all"
    corrected(1, "CAFE", "CAFÉ")
    assert (rounds.gain(project).part, rounds.gain(project).reason) == ("all", starting.learns_reason())


def test_too_few_photos_are_cross_validated(rounds, project, corrected):
    with pytest.raises(RoundError, match="A cross-validation needs 5 corrected photos"):
        rounds.start(project, cross_validate=True)
    corrected(4)
    assert not rounds.gain(project).can_cross_validate
    ids = corrected(3)
    assert rounds.gain(project).can_cross_validate
    first = rounds.wait(rounds.start(project, cross_validate=True).id)
    job = rounds.context.folder(first.id).job()
    assert (len(job.train), job.holdout, sorted(map(len, job.folds))) == (7, [], [1, 1, 1, 2, 2])
    assert sorted(chain(*job.folds)) == sorted(job.train)
    assert set(ids) < set(job.train)
    # What was trained on is never held out later.
    corrected(4)
    gain = rounds.gain(project)
    assert (gain.holdout, gain.missing, gain.can_cross_validate) == (4, 1, True)
    corrected(3)
    assert not rounds.gain(project).can_cross_validate
    second = rounds.wait(rounds.start(project).id)
    held = rounds.context.folder(second.id).job().holdout
    assert len(held) == 5
    assert not set(held) & set(job.train)
    with pytest.raises(RoundError, match="A cross-validation needs"):
        rounds.start(project, cross_validate=True)


def test_promotion_and_rollback(rounds, project, corrected, finished):
    app = rounds.served()
    first = finished(12)
    assert rounds.gain(project).photos == 12  # not promoted: nothing was learnt
    assert rounds.may_promote(first.id)[0]
    promoted = rounds.promote(first.id, "ann")
    assert (promoted.promoted, promoted.promoted_by, promoted.served) == (True, "ann", True)
    assert rounds.served() == ("signs-round-1", rounds.weights_of(first.id))
    gain = rounds.gain(project)
    assert (gain.photos, gain.since, gain.missing) == (0, "round 1", 1)
    with pytest.raises(RoundError, match="No photo was corrected since round 1"):
        rounds.start(project)
    corrected(3)
    second = rounds.wait(rounds.start(project).id)
    assert second.parent == first.weights
    job = rounds.context.folder(second.id).job()
    assert job.parent == str(rounds.weights_of(first.id))
    assert (len(job.train), len(job.replay), len(job.holdout)) == (3, 7, 5)
    rounds.promote(second.id, "bob")
    with pytest.raises(RoundError, match="served already"):
        rounds.promote(second.id, "bob")
    rounds.rollback(first.id, "ann")
    assert rounds.served()[0] == "signs-round-1"
    assert not rounds.may_promote(second.id)[0] or rounds.get(second.id).parent == first.weights
    rounds.rollback(None, "ann")
    assert rounds.served() == app
    assert rounds.get(second.id).promoted_by == "bob"
    assert "round 2 was not compared with nano" in rounds.may_promote(second.id)[1].lower()
    with pytest.raises(RoundError, match="served already"):
        rounds.rollback(None, "ann")


def test_a_worse_round_is_promoted_only_with_a_reason(rounds, finished, monkeypatch):
    monkeypatch.setenv("STUB_WORKER", "worse")
    worse = finished()
    allowed, why = rounds.may_promote(worse.id)
    assert not allowed
    assert "changes by -10.0" in why
    for reason in ("", "  "):
        with pytest.raises(RoundError, match="give a reason"):
            rounds.promote(worse.id, "ann", reason)
    with pytest.raises(RoundError, match="never promoted"):
        rounds.rollback(worse.id, "ann")
    assert rounds.promote(worse.id, "ann", " our signs \n differ").promoted_reason == "our signs differ"


def test_suspicious_corrections_are_never_promoted_silently(rounds, project, corrected):
    corrected(12, "NOVA", "asdf")
    assert rounds.gain(project).warnings == ['12 of 12 words have the same text, "asdf".']
    done = rounds.wait(rounds.start(project).id)
    allowed, why = rounds.may_promote(done.id)
    assert not allowed
    assert "look wrong" in why


def test_corrections_without_words_are_refused(rounds, project, corrected):
    corrected(12, "NOVA", "")
    with pytest.raises(RoundError, match="no words with a text"):
        rounds.start(project)
    assert rounds.list(project) == []


@pytest.mark.parametrize(
    ("minutes", "part", "message"),
    [
        (0, "auto", "minutes"),
        (float("nan"), "auto", "minutes"),
        (1e9, "auto", "minutes"),
        (1, "x", "no part 'x'"),
    ],
)
def test_invalid_requests(rounds, project, minutes, part, message):
    with pytest.raises(RoundError, match=message):
        rounds.start(project, minutes, part)


def test_a_chosen_part(finished):
    done = finished(part="detector", who="ann")
    assert (done.part, done.reason) == ("detector", "ann chose it: the detector is trained.")


def test_rounds_that_do_not_exist(rounds, project):
    for call in (rounds.get, rounds.progress, rounds.stop, rounds.resume, rounds.changes, rounds.delete):
        with pytest.raises(RoundError, match="no such round"):
            call(7)
    with pytest.raises(AnnotationError, match="no such project"):
        rounds.start(99)


def test_a_second_start_is_refused(rounds, project, corrected, store, monkeypatch):
    monkeypatch.setenv("STUB_WORKER", "hang")
    corrected(10)
    first = rounds.start(project)
    with pytest.raises(RoundError, match="Round 1 of signs is running"):
        rounds.start(project)
    with pytest.raises(RoundError, match="is running"):
        rounds.delete(first.id)
    assert rounds.current().id == first.id
    while rounds.progress(first.id) is None:
        time.sleep(0.02)
    rounds.stop(first.id, "ann")
    stopped = rounds.wait(first.id)
    assert (stopped.state, stopped.message) == ("stopped", "Stopped by a signal.")
    with pytest.raises(RoundError, match="not running"):
        rounds.stop(first.id)
    monkeypatch.setenv("STUB_WORKER", "better")
    assert rounds.wait(rounds.resume(first.id).id).state == "done"
    with pytest.raises(RoundError, match="nothing to resume"):
        rounds.resume(first.id)


def test_a_worker_that_does_not_stop_is_killed_by_a_second_stop(rounds, project, corrected, monkeypatch):
    monkeypatch.setenv("STUB_WORKER", "deaf")
    corrected(10)
    one = rounds.start(project)
    while rounds.progress(one.id) is None:
        time.sleep(0.02)
    rounds.stop(one.id, "ann")
    rounds.stop(one.id, "bob")  # too early
    assert rounds.get(one.id).state == "training"
    monkeypatch.setattr("annotation.rounds.service.KILL_SECONDS", -1)
    rounds.stop(one.id, "bob")
    stopped = rounds.wait(one.id)
    assert (stopped.state, stopped.message) == ("stopped", "Stopped by ann.")


def test_starts_at_the_same_moment(rounds, project, corrected, store, monkeypatch):
    monkeypatch.setenv("STUB_WORKER", "hang")
    corrected(10)
    outcomes = []

    def start():
        try:
            outcomes.append(Rounds(store, "nano", worker="stub_worker").start(project).id)
        except RoundError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (number,) = [one for one in outcomes if isinstance(one, int)]
    assert sum("is running" in one for one in outcomes if isinstance(one, str)) == 3
    rounds.stop(number)
    rounds.wait(number)


def test_a_round_that_fails_says_why(rounds, finished, monkeypatch):
    for action, state, message in [
        ("fail", "failed", "The loss is not finite."),
        ("crash", "failed", "there is no memory left; resume it, or start another one."),
        ("damaged", "failed", "sha256 differs"),
    ]:
        monkeypatch.setenv("STUB_WORKER", action)
        found = finished()
        assert (found.state, found.weights, found.verdict) == (state, None, None)
        assert message in found.message
        assert not rounds.may_promote(found.id)[0]
        with pytest.raises(RoundError):
            rounds.promote(found.id, "ann", "I want it")
    assert list((rounds.context.path / "weights").glob("*")) == []
    assert rounds.served()[1] == "nano"


def test_a_worker_that_does_not_start(rounds, project, corrected, monkeypatch):
    corrected(10)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(RoundError, match="could not be started: No such file"):
        rounds.start(project)
    monkeypatch.undo()
    assert rounds.list(project)[0].state == "failed"


def test_deleting_keeps_what_others_need(rounds, project, corrected, finished):
    first = finished()
    rounds.promote(first.id, "ann")
    corrected(3)
    second = rounds.wait(rounds.start(project).id)
    path, other = rounds.weights_of(first.id), rounds.weights_of(second.id)
    with pytest.raises(RoundError, match="served; roll back first"):
        rounds.delete(first.id)
    rounds.promote(second.id, "ann")
    rounds.delete(first.id)
    assert [one.number for one in rounds.list(project)] == [2]
    assert path.is_file()  # the second one was built on it
    assert rounds.gain(project).photos == 0  # and still knows its photos
    with pytest.raises(RoundError, match="no such round"):
        rounds.rollback(first.id, "ann")
    rounds.rollback(None, "ann")
    rounds.delete(second.id)
    assert not path.exists()
    assert not other.exists()
    assert rounds.list(project) == []
    corrected(1)
    third = rounds.wait(rounds.start(project).id)
    assert third.number == 3  # no model version is used twice


def test_missing_weights_of_a_served_round(rounds, finished):
    done = finished()
    rounds.weights_of(done.id).write_bytes(b"half")
    with pytest.raises(RoundError, match="not a file of weights"):
        rounds.promote(done.id, "ann")
    rounds.weights_of(done.id).unlink()
    with pytest.raises(RoundError, match="missing"):
        rounds.promote(done.id, "ann")


def test_a_project_that_is_deleted_for_good_leaves_its_served_weights(rounds, project, finished, store):
    done = finished()
    rounds.promote(done.id, "ann")
    delete_project(store, project, "ann")
    erase_project(store, project)
    assert rounds.served()[0] == "signs-round-1"
    again = store.ensure_project("signs")
    assert rounds.list(again) == []
    assert rounds.gain(again).since == "round 1 of signs"
    assert rounds.get(done.id).project_id == 0


def test_rounds_are_for_owners(rounds, project, corrected, store):
    corrected(10)
    for person, role in (("olga", "owner"), ("rev", "reviewer")):
        store.give_role(project, person, role)
    done = rounds.wait(rounds.start(project).id)
    store.person = lambda: "rev"
    for change in (
        lambda: rounds.start(project),
        lambda: rounds.promote(done.id, "rev", "to see"),
        lambda: rounds.delete(done.id),
    ):
        with pytest.raises(ForbiddenError, match="Only an owner of the project signs"):
            change()
    assert rounds.list(project) == [done]
    store.person = lambda: "olga"
    rounds.promote(done.id, "olga", "to see")
    store.person = lambda: "rev"
    with pytest.raises(ForbiddenError):
        rounds.rollback(None, "rev")
    assert rounds.get(done.id).served
