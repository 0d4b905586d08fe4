"""The work of people in the benchmark's database."""

from __future__ import annotations

import pytest

from annotation.benchmark import fill
from annotation.benchmark_corrections import add_corrections
from annotation.store.statistics import project_statistics


@pytest.mark.parametrize(("images", "words"), [(1, 1), (12, 3)])
def test_two_people_correct_all_images(store, images, words):
    project = fill(store, images, words)
    add_corrections(store, images)
    found = project_statistics(store, project)
    assert sum(work.done for work in found.people) == images
    assert (found.models[0].photos, found.models[0].words) == (images, images * words)
    assert found.shared_photos == (images + 9) // 10
