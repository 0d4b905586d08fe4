"""Reading and writing folders in the form of ICDAR 2015."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotter.data.icdar import read_folder, read_ground_truth, write_ground_truth
from spotter.evaluation.metrics import DetectionMetric, EndToEndMetric
from spotter.types import GroundTruth, Word

VAL = Path(__file__).resolve().parents[3] / "shared/data/icdar2015/val"
QUAD = [[0, 0], [40, 2], [40, 12], [0, 10]]
QUAD_FIELDS = "0,0,40,2,40,12,0,10"


def read(tmp_path, content, encoding="utf-8"):
    path = tmp_path / "gt_img_1.txt"
    path.write_bytes(content.encode(encoding))
    return read_ground_truth(path)


@pytest.mark.parametrize(
    ("line", "points", "text", "ignore"),
    [
        (f"{QUAD_FIELDS},Word", QUAD, "Word", False),
        (f"{QUAD_FIELDS},###", QUAD, "", True),
        (f"{QUAD_FIELDS},", QUAD, "", False),
        (f"{QUAD_FIELDS},salt, pepper,", QUAD, "salt, pepper,", False),
        (f"{QUAD_FIELDS},2014", QUAD, "2014", False),
        (f"{QUAD_FIELDS},40,257", QUAD, "40,257", False),
        (f"{QUAD_FIELDS},6,000", QUAD, "6,000", False),
        (f"{QUAD_FIELDS},36,000,000", QUAD, "36,000,000", False),
        (f"{QUAD_FIELDS},5,apples", QUAD, "5,apples", False),
        ("-3,0, 40,2,40,12,0,10,x", [[-3, 0], *QUAD[1:]], "x", False),
        ("0,0,40,2,40,12,x", QUAD[:3], "x", False),
        (
            "0,0,20,0,40,0,40,10,20,10,0,10,x",
            [[0, 0], [20, 0], [40, 0], [40, 10], [20, 10], [0, 10]],
            "x",
            False,
        ),
    ],
)
def test_lines(tmp_path, line, points, text, ignore):
    (region,) = read(tmp_path, line)
    assert region.polygon.tolist() == points
    assert region.polygon.dtype == np.float32
    assert (region.text, region.ignore) == (text, ignore)


@pytest.mark.parametrize(
    ("content", "count"),
    [("", 0), ("\n \r\n", 0), (f"{QUAD_FIELDS},a", 1), (f"{QUAD_FIELDS},a\r\n{QUAD_FIELDS},b\r\n\r\n", 2)],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_number_of_regions(tmp_path, content, count, encoding):
    regions = read(tmp_path, content, encoding)
    assert [region.text for region in regions] == ["a", "b"][:count]


def test_counter_clockwise_is_turned_about_its_first_point(tmp_path):
    (region,) = read(tmp_path, "0,0,0,10,40,12,40,2,x")
    assert region.polygon.tolist() == QUAD


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "found 0 whole numbers in 1 fields"),
        ("0,0,40,2,Word", "found 4 whole numbers in 5 fields"),
        ("0,0,40,2,40,12,0,Word", "found 7 whole numbers in 8 fields"),
        (QUAD_FIELDS, "found 8 whole numbers in 8 fields"),  # no transcription
        ("0,0,40.5,2,40,12,0,10,Word", "found 2 whole numbers in 9 fields"),
        (",".join(["1"] * 34) + ",x", "17 points; expected at most 16"),
    ],
)
def test_bad_lines_name_file_and_line(tmp_path, line, reason):
    with pytest.raises(ValueError, match=rf"gt_img_1\.txt, line 3: .*{reason}.*\.$") as error:
        read(tmp_path, f"{QUAD_FIELDS},ok\n\n{line}\n")
    assert "expected" in str(error.value)
    assert "\n" not in str(error.value)


def test_not_utf8(tmp_path):
    with pytest.raises(ValueError, match="not UTF-8"):
        read(tmp_path, f"{QUAD_FIELDS},café", "latin-1")


def test_written_regions_read_back(tmp_path):
    path = tmp_path / "gt_a.txt"
    hexagon = np.array([[0, 0], [20, 0], [40, 0], [40, 10], [20, 10], [0, 10]], np.float32)
    regions = [
        GroundTruth(np.array(QUAD, np.float32) + 0.4, "salt,\u2028pépper"),
        GroundTruth(hexagon, "36,000,000"),
        GroundTruth(np.array(QUAD, np.float32), "lost", ignore=True),
        GroundTruth(np.array(QUAD, np.float32), ""),
    ]
    write_ground_truth(path, regions)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf0,0,40,2,40,12,0,10,salt,\xe2\x80\xa8p\xc3\xa9pper")
    back = read_ground_truth(path)
    assert [region.polygon.tolist() for region in back] == [QUAD, hexagon.tolist(), QUAD, QUAD]
    assert [(region.text, region.ignore) for region in back] == [
        ("salt,\u2028pépper", False),
        ("36,000,000", False),
        ("", True),
        ("", False),
    ]


@pytest.mark.parametrize("text", ["two\nlines", "1,888,555", "###"])
def test_regions_that_would_be_misread_are_not_written(tmp_path, text):
    path = tmp_path / "gt_a.txt"
    with pytest.raises(ValueError, match="would not read back the same"):
        write_ground_truth(path, [GroundTruth(np.array(QUAD, np.float32), text)])
    assert not path.exists()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    for name in ("img_2", "img_10", "img_1"):
        Image.new("RGB", (8, 8)).save(tmp_path / "images" / f"{name}.jpg")
        (tmp_path / "gt" / f"gt_{name}.txt").write_text(f"{QUAD_FIELDS},{name}")
    return tmp_path


def test_samples_in_natural_order(folder):
    found = read_folder(folder)
    assert [sample.image.name for sample in found] == ["img_1.jpg", "img_2.jpg", "img_10.jpg"]
    assert [sample.regions[0].text for sample in found] == ["img_1", "img_2", "img_10"]


def test_samples_with_webp_photographs(folder):
    Image.new("RGB", (8, 8)).save(folder / "images" / "img_3.WEBP")
    (folder / "gt" / "gt_img_3.txt").write_text(f"{QUAD_FIELDS},img_3")
    assert [sample.image.name for sample in read_folder(folder)][2] == "img_3.WEBP"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "gt").rename(folder / "labels"), "has no folder gt/"),
        (lambda folder: (folder / "images").rename(folder / "pictures"), "has no folder images/"),
        (
            lambda folder: [path.unlink() for path in (folder / "images").iterdir()],
            "holds no .jpeg, .jpg, .png, .webp",
        ),
        (lambda folder: (folder / "gt/gt_img_10.txt").unlink(), "there is no gt/gt_img_10.txt"),
        (lambda folder: (folder / "images/img_2.jpg").unlink(), "gt_img_2.txt has no image"),
        (lambda folder: (folder / "gt/gt_img_2.txt").write_text("oops"), "gt_img_2.txt, line 1: found 0"),
    ],
    ids=["no gt", "no images", "empty", "gt missing", "image missing", "bad line"],
)
def test_bad_folders(folder, spoil, sentence):
    spoil(folder)
    with pytest.raises(ValueError, match=sentence):
        read_folder(folder)


@pytest.mark.skipif(not VAL.is_dir(), reason="needs the ICDAR 2015 validation images in ../shared/data")
def test_icdar_2015_with_perfect_predictions():
    found = read_folder(VAL)
    assert len(found) == 150
    assert [found[0].image.name, found[-1].image.name] == ["img_851.jpg", "img_1000.jpg"]
    detection, end_to_end = DetectionMetric(), EndToEndMetric()
    legible = 0
    for sample in found:
        words = [
            Word("w", region.polygon.tolist(), region.box.tolist(), region.text, 1.0, 1.0)
            for region in sample.regions
        ]
        detection.update(sample.regions, [word.polygon for word in words])
        end_to_end.update(sample.regions, words)
        legible += sum(not region.ignore for region in sample.regions)
    for scores in (detection.summary(), end_to_end.summary()):
        assert (scores.hmean, scores.matched, scores.true) == (1.0, legible, legible)
    texts = {region.text for sample in found for region in sample.regions}
    assert "40,257" in texts  # img_891: digits on both sides of a comma are no fifth point
