"""Review states and transitions."""

from __future__ import annotations

import pytest

from annotation.review import OPEN_STATES, STATES, TRANSITIONS, StateError, check_transition


def test_every_state_has_transitions_to_others():
    assert set(TRANSITIONS) == set(STATES)
    assert set(OPEN_STATES) < set(STATES)
    for before, after in TRANSITIONS.items():
        assert set(after) <= set(STATES) - {before}


@pytest.mark.parametrize("before", STATES)
def test_allowed_transitions(before):
    for after in (before, *TRANSITIONS[before]):
        check_transition(before, after)
    for after in set(STATES) - {before, *TRANSITIONS[before]}:
        with pytest.raises(StateError, match=f"{before} cannot become {after}"):
            check_transition(before, after)


def test_an_unknown_state():
    with pytest.raises(StateError, match="no state 'finished'"):
        check_transition("new", "finished")
