"""`python -m annotation roles`."""

from __future__ import annotations

import pytest


def test_roles_are_given_listed_and_taken_away(store, run):
    store.ensure_project("p")
    project = ("--project", "p")
    nobody = "This project has no owner: everybody who can log in may do everything."
    assert run("roles", *project) == (0, [nobody], [])
    refused = run("roles", "ann", "reader", *project)
    assert refused == (1, [], ["A project needs an owner; make somebody else an owner first."])
    assert run("roles", "olga\t", "owner", *project).lines == ["olga\towner"]
    assert run("roles", "ann", "reader", *project).lines == ["ann\treader", "olga\towner"]
    assert run("roles", "ann", "none", *project).lines == ["olga\towner"]
    assert run("roles", "ann", "none", *project).errors == ["ann has no role in this project."]
    assert run("roles", "ann", *project).errors == [
        "Which role? Add one of reader, annotator, reviewer, owner, none."
    ]
    assert run("roles", "--project", "other").errors == ["There is no project 'other'."]
    with pytest.raises(SystemExit):
        run("roles", "ann", "king", *project)
