"""Projects to export, and files to import."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from annotation.formats import export_to
from annotation.region import Region
from annotation.store.store import Store
from spotter.types import Character

ODD_TEXTS = [
    "###",
    "*",
    ".",
    "two\nlines",
    "carriage\rreturn",
    "tab\tstop",
    "1,888,555",
    "1,888,555 x",
    " wide ",
    '"NOVA, 24 H"',
    "'90s",
    '=HYPERLINK("http://x.example")',
    "-5",
    "+49",
    "@home",
    "مرحبا",
    "👩‍👩‍👧",
    "e\u0301 é",
    "<b>&amp;</b>",
    "line\u2028separator",
    "bell\x07",
]
CURVED = [[20 + 5 * i, 60 - (i % 4)] for i in range(12)] + [[75 - 5 * i, 75.5 - (i % 3)] for i in range(12)]


def box(x, y, w=20, h=10):
    return [[float(x), y], [x + w, y], [x + w, y + h], [x, y + h]]


def word(x, y, text):
    return Region(
        box(x, y), text, score=0.5, reading_score=0.75, characters=[Character(c, 0.75) for c in text]
    )


@pytest.fixture
def other(tmp_path):
    (tmp_path / "other").mkdir(exist_ok=True)
    with Store(f"sqlite:///{tmp_path}/other/b.db") as opened:
        yield opened


@pytest.fixture
def full(store, picture):
    """A project with a corrected, an approved, an untouched, an empty and an unseen image."""
    project = store.ensure_project("p")
    ids = []
    for i, name in enumerate(["straße 1.jpg", "straße 1.png", "turned.jpg", "empty.webp", "unseen.jpg"]):
        form = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[name[-3:].replace("ebp", "webp")]
        ids.append(
            store.add_image(project, picture(i, form=form, orientation=6 if i == 2 else None), name)[0].id
        )
    for image in ids[:4]:
        store.add_prediction(
            image,
            "nano-1",
            [word(10, 10, "cat"), word(60, 10, "dog"), word(10, 30, "cow")] if image != ids[3] else [],
        )
    store.add_prediction(ids[0], "nano-2", [word(10, 10, "car"), word(60, 10, "dog")])
    cat, dog = store.regions(ids[0])
    mine = Region([[float(x), float(y)] for x, y in CURVED], 'Ñandú, "咖啡店" 1,2', difficult=True)
    fog = Region(box(100, 60), "", illegible=True)
    store.save_regions(
        ids[0], store.image(ids[0]).version, [Region(cat.polygon, "CAT", cat.id), dog, mine, fog], "ann"
    )
    store.save_regions(ids[1], 1, store.regions(ids[1])[:2], "ann")
    store.set_state(ids[1], "done", "ann")
    store.set_state(ids[1], "approved", "bob")
    store.set_state(ids[3], "done", "ann")
    return project


@pytest.fixture
def odd(store, image_id) -> int:
    """The project "p" with a photo that is done and has ODD_TEXTS."""
    regions = [Region(box(1 + 22 * (i % 8), 1 + 12 * (i // 8)), text) for i, text in enumerate(ODD_TEXTS)]
    store.save_regions(image_id, 0, regions, "ann")
    store.set_state(image_id, "done", "ann")
    return store.find_project("p")


@pytest.fixture
def awkward(store, image_id) -> int:
    """The project "p" with regions that not every format can represent."""
    regions = [
        Region(box(1, 1), "two\nlines"),
        Region(box(50, 1), "fine"),
        Region(box(1, 50), "hidden", illegible=True),
        Region(box(30.4, 50), " wide "),
        Region(box(60, 50), "*", difficult=True),
        Region(box(90, 50), "", illegible=True, difficult=True),
        Region([[100, 1], [120, 1], [120, 20]], "40,257"),
    ]
    store.save_regions(image_id, 0, regions, "ann")
    return store.find_project("p")


@pytest.fixture
def saved(store, image_id) -> int:
    """An image in the project "p" with two words, r1 and r2."""
    regions = [Region(box(10, 10), "one", "r1"), Region(box(60, 10), "two", "r2")]
    store.save_regions(image_id, 0, regions, "ann")
    return image_id


@pytest.fixture
def exported(store, tmp_path) -> Callable[..., Path]:
    """Exports "p" and changes its tasks as Label Studio does after a person has submitted them."""

    def export(change: Callable[[dict], None] = lambda task: None) -> Path:
        export_to(store, store.ensure_project("p"), tmp_path / "out")
        path = tmp_path / "out/tasks.json"
        tasks = json.loads(path.read_text(encoding="utf-8"))
        submitted = {"id": 7, "completed_by": 1, "was_cancelled": False, "updated_at": "2026-01-01T00:00:00Z"}
        for number, task in enumerate(tasks):
            task["id"] = number + 1
            for annotation in task["annotations"]:
                annotation |= submitted
            change(task)
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return path

    return export


@pytest.fixture
def retype() -> Callable[[dict], None]:
    """Edits the task of `saved`: r1 reads ONE, and r2 is replaced by a region "new"."""

    def change(task: dict) -> None:
        annotation = task["annotations"][0]
        results = annotation["result"]
        next(r for r in results if r["id"] == "r1" and r["type"] == "textarea")["value"]["text"] = ["ONE"]
        drawn = {"points": [[50, 50], [60, 50], [60, 60]]}
        annotation["result"] = [r for r in results if r["id"] != "r2"] + [
            r | {"id": "new", "value": r["value"] | drawn} for r in results if r["id"] == "r2"
        ]

    return change


@pytest.fixture
def content() -> Callable[..., dict]:
    """Everything of a project that a person sees, by image hash."""

    def read(store: Store, project: str = "p") -> dict:
        return {
            image.sha256: (
                image.name,
                image.state,
                image.width,
                image.height,
                store.regions(image.id),
                [(p.model_version, p.score, p.regions) for p in store.predictions(image.id)],
            )
            for image in store.image_list(store.find_project(project))
        }

    return read


@pytest.fixture
def case() -> Callable[[str], Path]:
    """A folder of the inputs that people have reported, by the beginning of its name."""
    folder = Path(__file__).parents[4] / "shared" / "cases"

    def find(number: str) -> Path:
        found = sorted(folder.glob(f"{number}_*"))
        if not found:
            pytest.skip(f"{folder} has no case {number}")
        return found[0]

    return find
