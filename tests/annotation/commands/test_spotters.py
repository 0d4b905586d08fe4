"""Commands read with the weights that are served."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from annotation.commands.spotters import read_untouched, spotter_of
from annotation.region import AnnotationError
from annotation.rounds import ledger
from annotation.rounds.service import Rounds
from annotation.store.predictions import model_version
from annotation.store.tables import RoundRow


@pytest.fixture
def promoted(store, project, tiny_file, tmp_path, monkeypatch) -> Rounds:
    """A round of the project "signs" is served, with the tiny spotter's weights."""
    monkeypatch.chdir(tmp_path)
    rounds, now = Rounds(store), datetime.now(UTC)
    with store.write() as session:
        texts = dict.fromkeys(("who", "part", "reason", "message", "host", "process_started"), "")
        row = RoundRow(
            project_id=project,
            project="signs",
            number=3,
            state="done",
            started=now,
            minutes=1,
            photos=1,
            words=1,
            warnings=[],
            parent="nano",
            pid=0,
            weights=rounds.context.files.add(tiny_file),
            **texts,
        )
        session.add(row)
        session.flush()
        ledger.serve(session, row.id, "ann", now)
    return rounds


@pytest.fixture(autouse=True)
def project(store) -> int:
    return store.ensure_project("signs")


def test_the_promoted_round_is_used_unless_other_weights_are_named(store, promoted, tiny_file):
    assert model_version(spotter_of(store, None)().card) == "signs-round-3"
    assert model_version(spotter_of(store, str(tiny_file))().card).startswith("tiny-")
    with pytest.raises(AnnotationError, match="no weights 'nowhere'"):
        spotter_of(store, "nowhere")()


def test_promotion_and_rollback_replace_the_spotter_at_once(store, promoted):
    spotter = spotter_of(store, None)
    first = spotter()
    assert spotter() is first
    promoted.rollback(None, "ann")
    assert model_version(spotter().card).startswith("nano-")


def test_add_reads_with_the_promoted_round(run, store, promoted, picture, tmp_path, project):
    (tmp_path / "a.jpg").write_bytes(picture(5, (256, 192)))
    lines = run("add", tmp_path / "a.jpg", "--read", "--project", "signs").lines
    assert lines[-1].startswith("read by signs-round-3: 1 photos")
    (image,) = store.image_list(project)
    assert [p.model_version for p in store.predictions(image.id)] == ["signs-round-3"]


def test_a_push_reads_what_nobody_has_touched(store, project, picture, request):
    ids = [store.add_image(project, picture(seed, (256, 192)), f"{seed}.jpg")[0].id for seed in range(3)]
    assert read_untouched(store, project) == []  # no round is served
    request.getfixturevalue("promoted")
    word = {"polygon": [[1, 1], [50, 1], [50, 20], [1, 20]], "text": "NOVA"}
    store.save_regions(ids[0], 0, [word], "ann")
    store.set_state(ids[1], "done", "ann")
    (line,) = read_untouched(store, project)
    assert line.startswith("read by signs-round-3: 1 photos")
    assert [len(store.predictions(i)) for i in ids] == [0, 0, 1]
    assert read_untouched(store, project) == []
