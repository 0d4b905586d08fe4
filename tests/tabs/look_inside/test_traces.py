"""Stored traces of sample photos."""

from __future__ import annotations

from spotter.tabs.look_inside import traces
from spotter.tabs.look_inside.traces import stored_trace
from spotter.tabs.shared.loading import Loader
from spotter.tabs.shared.samples import SAMPLES, stored_results


def test_a_stored_trace_of_other_weights_is_not_shown():
    assert stored_trace(SAMPLES[0].path, "0" * 64) is None
    assert stored_trace(SAMPLES[0].path, None) is None
    assert stored_trace("photo.jpg", "0" * 64) is None


def test_stored_traces_are_small_and_of_the_built_in_weights():
    for sample in traces.STORED:
        file = traces.FOLDER / f"{sample.path.stem}.npz"
        assert file.stat().st_size <= traces.MAX_BYTES
        sha256 = Loader().card()["sha256"]
        trace = stored_trace(sample.path, sha256)
        assert trace is not None, "run `python -m spotter.tabs.look_inside.traces`: the weights have changed"
        threshold = trace.config.score_threshold
        traced = sorted(word.text for word in trace.words if word.score > threshold)
        assert traced == stored_texts(sample, sha256, threshold)  # the second pass adds no large words here
        assert stored_trace(sample.path, sha256) is trace  # all visitors look at the same one


def stored_texts(sample, sha256: str, threshold: float) -> list[str]:
    words = stored_results(sha256)["images"][sample.file]["words"]
    return sorted(word["text"] for word in words if word["score"] > threshold)


def test_a_damaged_stored_trace_is_ignored(tmp_path, monkeypatch):
    monkeypatch.setattr(traces, "FOLDER", tmp_path)
    sample = traces.STORED[0]
    for content in (b"", b"PK", b"not a zip"):
        (tmp_path / f"{sample.path.stem}.npz").write_bytes(content)
        assert stored_trace(sample.path, "0" * 64) is None


def test_main_stores_a_trace_of_every_sample(monkeypatch, tmp_path, tiny_file, capsys):
    monkeypatch.setattr(traces, "FOLDER", tmp_path)
    assert traces.main(["--weights", str(tiny_file)]) == 0
    assert {file.stem for file in tmp_path.iterdir()} == {sample.path.stem for sample in traces.STORED}
    assert len(capsys.readouterr().out.splitlines()) == len(traces.STORED)


def test_main_without_weights_prints_one_sentence(capsys):
    assert traces.main(["--weights", "nowhere"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
