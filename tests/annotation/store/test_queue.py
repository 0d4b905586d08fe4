"""The queue of images to be corrected."""

import random
from itertools import pairwise

import pytest

from annotation.region import AnnotationError, Character, Region
from annotation.store.queue import next_image, previous_image, progress, queue, spread

SQUARE = [[10, 10], [30, 10], [30, 20], [10, 20]]


@pytest.fixture
def images(store, picture):
    """Six different images a1..a6."""
    project = store.ensure_project("p")
    return [store.add_image(project, picture(i), f"a{i}.jpg")[0].id for i in range(1, 7)]


def word(score):
    return Region(SQUARE, "a", score=score, characters=[Character("a", 0.9)])


def test_empty(store):
    project = store.ensure_project("p")
    assert queue(store, project) == []
    assert progress(store, project).total == progress(store, project).finished == 0
    assert list(spread([], [])) == []
    assert next_image([], None) is None


def test_most_uncertain_first_and_unpredicted_last(store, images):
    project = store.ensure_project("p")
    for image, score in zip(images[:4], (0.95, 0.41, 0.6, 0.5), strict=True):
        store.add_prediction(image, "m", [word(score)])
    expected = [images[1], images[3], images[2], images[0], images[4], images[5]]
    assert queue(store, project, diverse=False) == expected
    assert sorted(queue(store, project)) == sorted(expected)


def test_oldest_name_and_random(store, images, picture):
    project = store.ensure_project("p")
    late = store.add_image(project, picture(9), "a0.jpg")[0].id
    assert queue(store, project, "oldest") == [*images, late]
    assert queue(store, project, "name") == [late, *images]
    shuffled = queue(store, project, "random", seed=1)
    assert sorted(shuffled) == sorted([*images, late])
    assert shuffled == queue(store, project, "random", seed=1)
    assert any(queue(store, project, "random", seed=s) != shuffled for s in (2, 3))
    store.set_state(late, "done", "ann")  # the others keep their order
    assert queue(store, project, "random", seed=1) == [i for i in shuffled if i != late]


def test_states_and_progress(store, images):
    project = store.ensure_project("p")
    store.set_state(images[0], "done", "ann")
    store.set_state(images[1], "in work", "ann")
    store.set_state(images[2], "done", "ann")
    store.set_state(images[2], "approved", "ann")
    counted = progress(store, project)
    assert (counted.new, counted.in_work, counted.done, counted.approved) == (3, 1, 1, 1)
    assert counted.finished == pytest.approx(2 / 6)
    assert queue(store, project, "name") == [images[1], *images[3:]]
    assert queue(store, project, "name", ["done", "approved"]) == [images[0], images[2]]
    assert queue(store, project, "name", []) == []
    for bad in ({"order": "best"}, {"states": ["lost"]}):
        with pytest.raises(AnnotationError):
            queue(store, project, **bad)
    assert queue(store, 99) == []


def test_next_and_previous():
    ids = [5, 3, 8]
    assert [next_image(ids, i) for i in (5, 3, 8, 99, None)] == [3, 8, None, 5, 5]
    assert [previous_image(ids, i) for i in (5, 3, 8)] == [None, 5, 3]


def test_near_duplicates_do_not_follow_each_other():
    film = [(i, 0b111 << i) for i in range(4)]
    photos = [(10 + i, random.Random(i).getrandbits(64) - 2**63) for i in range(12)]
    order = spread(*zip(*film, *photos, strict=True))
    assert sorted(order) == sorted(i for i, _ in film + photos)
    assert order[0] == 0
    assert spread(*zip(*photos, strict=True)) == [i for i, _ in photos]
    places = [order.index(i) for i, _ in film]
    assert min(b - a for a, b in pairwise(sorted(places))) >= 4


def test_a_long_film_is_kept_completely():
    film = [(i, 7) for i in range(500)]
    assert sorted(spread(*zip(*film, strict=True))) == list(range(500))


def test_near_duplicates_in_the_store(store, picture):
    project = store.ensure_project("p")
    for i in range(3):
        store.add_image(project, picture(1, size=(200 + i, 100)), f"film{i}.jpg")
    for i in range(9):
        store.add_image(project, picture(i + 2), f"photo{i}.jpg")
    films = {image.id for image in store.image_list(project) if image.name.startswith("film")}
    order = queue(store, project, "oldest")
    assert not any(a in films and b in films for a, b in pairwise(order))
    plain = queue(store, project, "oldest", diverse=False)
    assert set(plain[:3]) == films
