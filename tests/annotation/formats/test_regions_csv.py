"""CSV with a line per region: safe in spreadsheets, and read back exactly."""

from __future__ import annotations

import csv

import pandas as pd
import pytest

from annotation.formats import FormatError, export_to, import_from
from annotation.formats.regions_csv import COLUMNS
from annotation.region import Region
from spotter.formats.formulas import FORMULA_STARTS

BOX = [[1.0, 1.0], [20.5, 1.0], [20.5, 10.0], [1.0, 10.0]]
HEADER = ",".join(COLUMNS)


@pytest.fixture
def project(store, image_id) -> int:
    return store.find_project("p")


def put(store, image_id, *regions) -> None:
    store.save_regions(image_id, store.image(image_id).version, regions, "ann")


def exported(store, project, tmp_path, name="out"):
    export_to(store, project, tmp_path / name, "csv")
    return tmp_path / name / "regions.csv"


def test_one_line_per_region_and_one_for_an_image_without(store, image_id, picture, tmp_path, project):
    empty, _ = store.add_image(project, picture(1), "empty.jpg")
    store.set_state(empty.id, "done", "bob")
    put(store, image_id, Region(BOX, "Café", "r1", difficult=True), Region(BOX, "", "r2", illegible=True))
    table = pd.read_csv(exported(store, project, tmp_path), keep_default_na=False)
    assert tuple(table.columns) == COLUMNS
    assert table[["file", "region", "text", "flags", "state", "author"]].to_numpy().tolist() == [
        ["empty.jpg", "", "", "", "done", ""],
        ["photo.jpg", "r1", "Café", "difficult", "in work", "ann"],
        ["photo.jpg", "r2", "", "illegible", "in work", "ann"],
    ]
    assert table["polygon"][1] == str(BOX)


def test_scores_and_authors_of_a_model_and_a_person(store, image_id, tmp_path, project):
    store.add_prediction(image_id, "nano-1", [Region(BOX, "model", score=0.5, reading_score=0.25)])
    (word,) = store.regions(image_id)
    put(store, image_id, word, Region(BOX, "mine", "r2"))
    table = pd.read_csv(exported(store, project, tmp_path), keep_default_na=False)
    values = table[["text", "author", "score", "reading_score"]].astype(str).to_numpy().tolist()
    assert values == [["model", "", "0.5", "0.25"], ["mine", "ann", "", ""]]


@pytest.mark.parametrize("start", [*FORMULA_STARTS, " =", "'", "''", "'="])
def test_no_cell_is_a_formula_and_all_come_back(store, other, image_id, picture, tmp_path, project, start):
    text = f"{start}1+1"
    put(store, image_id, Region(BOX, text, "-r1"))
    store.save_regions(image_id, 1, [Region(BOX, text, "-r1", difficult=True)], "=cmd")
    file = exported(store, project, tmp_path)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        _, *rows = csv.reader(stream)
    assert not any(cell.lstrip(" ").startswith(FORMULA_STARTS) for row in rows for cell in row)
    copy, _ = other.add_image(other.ensure_project("p"), picture(), "renamed.jpg")  # found by its hash
    assert import_from(other, "p", file).faults == []
    (region,) = other.regions(copy.id)
    assert (region.id, region.text, region.polygon, region.difficult) == ("-r1", text, BOX, True)


def test_a_single_file(store, image_id, tmp_path, project):
    put(store, image_id, Region(BOX, "a"))
    export_to(store, project, tmp_path / "words.csv", "csv")
    assert [path.name for path in tmp_path.glob("words*")] == ["words.csv"]
    with pytest.raises(FormatError, match=r"words\.csv already exists"):
        export_to(store, project, tmp_path / "words.csv", "csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_saved_by_a_spreadsheet(store, image_id, tmp_path, project, delimiter):
    row = ["photo.jpg", "r1", str(BOX), "1;2,3", "", "done", "", "", "", ""]
    with (tmp_path / "a.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([COLUMNS, row])
    assert import_from(store, "p", tmp_path / "a.csv").faults == []
    assert [region.text for region in store.regions(image_id)] == ["1;2,3"]


def test_an_invalid_row_leaves_the_others(store, image_id, tmp_path):
    good = 'photo.jpg,r1,"[[1, 1], [9, 1], [9, 9]]",good,,done,,,,'
    bad = [
        good.replace("[9, 9]", "[9, x]"),
        good.replace(",,done,", ",blurred,done,"),
        good.replace(",done,,,", ",done,,high,"),
        good.replace(",done,,,", ",done,,7,"),
    ]
    (tmp_path / "a.csv").write_text("\n".join([HEADER, good, *bad, good.replace("good", "same id")]))
    report = import_from(store, "p", tmp_path)
    assert [fault.split(":")[0] for fault in report.faults] == [f"a.csv, row {n}" for n in (3, 4, 5, 6)]
    assert [region.text for region in store.regions(image_id)] == ["good", "same id"]


@pytest.mark.parametrize(
    ("text", "message"),
    [(HEADER, "contains no images"), ("a,b\n1,2", "with the columns file, region"), ("", "columns")],
)
def test_invalid_files(store, tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FormatError, match=message):
        import_from(store, "p", tmp_path / "a.csv", "csv")
