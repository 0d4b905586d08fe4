"""Review states and transitions."""

from __future__ import annotations

import pytest

from annotation.review import (
    DELETED,
    OPEN_STATES,
    STATES,
    TRANSITIONS,
    StateError,
    check_transition,
    reason_name,
    reason_names,
    state_name,
)
from spotter.language import speaking


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


def test_states_and_reasons_have_names_in_each_language():
    states = [*STATES, DELETED]
    assert [state_name(state) for state in states] == states
    assert [reason_name(reason) for reason in reason_names()] == list(reason_names())
    with speaking("ko"):
        assert not {state_name(state) for state in states} & set(states)
        assert reason_name("No text") == "글자 없음"
        assert reason_name("") == ""
        assert reason_name("twice, I think") == "twice, I think", "a person typed it"
