"""The reader with a forced character."""

from __future__ import annotations

from spotter.explain.topics import reading


def test_a_forced_character_appears_and_reading_continues(tiny_spotter, trace, longest):
    text = trace.words[longest].text
    index = trace.config.characters.index("Q") + 1
    for step in range(len(text)):
        ids, probabilities = reading.force(tiny_spotter, trace, longest, step, index)
        assert reading.class_name(trace, ids[step]) == "Q"
        assert ids[:step] == trace.ids[longest, :step].tolist()
        assert len(ids) == len(probabilities)
        assert ids[-1] == 0 or len(ids) == trace.config.max_steps
    ids, _ = reading.force(tiny_spotter, trace, longest, 1, int(trace.ids[longest, 1]))
    assert ids[: len(text)] == trace.ids[longest, : len(text)].tolist()  # as it was read
    ids, _ = reading.force(tiny_spotter, trace, longest, 1, 0)
    assert len(ids) == 2  # forced to end
