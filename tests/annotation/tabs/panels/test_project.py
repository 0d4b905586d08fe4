"""The head of the tab."""

from __future__ import annotations

import pytest

from annotation.store.queue import Progress
from annotation.tabs.panels.project import progress_bar, read_memory


def test_the_progress_bar_counts_done_and_approved_photos():
    bar = progress_bar(Progress(new=1, in_work=1, done=2, approved=1))
    assert 'max="5" value="3"' in bar
    assert "3 of 5 done, 1 approved" in bar
    assert "0 of 1 done" in progress_bar(Progress(1, 0, 0, 0))


def test_without_photos_there_is_no_progress_bar():
    assert progress_bar(Progress(0, 0, 0, 0)) == ""


@pytest.mark.parametrize("value", [None, "text", [1]])
def test_memory_that_is_no_dict_is_empty(value):
    assert read_memory(value) == {}


def test_another_project_is_created_and_opened(open_tab, put, store):
    put(1)
    tab = open_tab()
    project = tab.find(label="Project (type a new name to create one)")
    tab.values[project] = "second"
    tab.trigger(project, "input")
    assert [name for _, name in store.projects()] == ["default"]  # the page asks
    assert tab.values[project] == "default"
    assert tab.props[tab.find(elem_id="correct-new-project")]["visible"]
    tab.click("Create it")
    assert store.find_project("second")
    assert not tab.props[tab.find(elem_id="correct-new-project")]["visible"]
    assert tab.props[project]["choices"] == ["default", "second"]
    assert tab.values[tab.editor] is None
    tab.values[project] = "default"
    tab.trigger(project, "input")
    assert tab.title == r"**street 1\.jpg** (1 of 1, new)"


def test_the_name_is_remembered_and_recorded(open_tab, put, store):
    image_id = put(1)
    tab = open_tab()
    who = tab.find(label="Your name (recorded with your corrections)")
    memory = tab.find(storage_key="correct")
    tab.values[who] = "ann"
    (remember,) = [
        fn for fn in tab.demo.fns.values() if {(who._id, "blur"), (who._id, "submit")} <= {*fn.targets}
    ]
    assert remember.fn({who: "ann", memory: tab.values[memory]}) == tab.values[memory] | {"who": "ann"}
    tab.click("Done, next")
    assert store.image(image_id).changed_by in (None, "ann")
