"""Ground truth files and their variants."""

from __future__ import annotations

import pytest

from annotation.formats.icdar_lines import find_form, looks_like_ground_truth, parse_record, split_records
from annotation.region import RegionError

QUAD = "100,100,250,100,250,150,100,150"
CORNERS = [[100, 100], [250, 100], [250, 150], [100, 150]]


def parse(*lines):
    form = find_form(lines)
    return [parse_record(line, form) for line in lines]


def texts(*lines):
    return [value["text"] for value in parse(*lines)]


def test_icdar_2015():
    (value, ignored) = parse(f"{QUAD},NOVA, 24 H", f"{QUAD},###")
    assert (value["polygon"], value["text"], value["illegible"]) == (CORNERS, "NOVA, 24 H", False)
    assert (ignored["text"], ignored["illegible"]) == ("", True)
    assert find_form([f"{QUAD},NOVA"]).notes == []


def test_texts_that_are_numbers():
    assert texts(f"{QUAD},NOVA", f"{QUAD},1,888,555", f"{QUAD},1,255,300", f"{QUAD},40,257") == [
        "NOVA",
        "1,888,555",
        "1,255,300",
        "40,257",
    ]


def test_polygons_of_any_number_of_points():
    curved = QUAD + ",90,140,90,110"
    values = parse(f"{curved},curved", f"{QUAD},NOVA", "1,1,9,1,9,9,three", f"{QUAD},7")
    assert [(len(value["polygon"]), value["text"]) for value in values] == [
        (6, "curved"),
        (4, "NOVA"),
        (3, "three"),
        (4, "7"),
    ]


@pytest.mark.parametrize(
    ("lines", "expected", "note"),
    [
        (['100 100 250 150 "NOVA BAR"', '1 1 9 9 "7"'], ["NOVA BAR", "7"], "rectangles"),
        (['100, 100, 250, 150, "30, 5"', '1, 1, 9, 9, "say \\"x\\""'], ["30, 5", 'say "x"'], "Quotes"),
        ([f"{QUAD},Latin,NOVA", f"{QUAD},None,###"], ["NOVA", ""], "script (Latin, None)"),
        ([f'{QUAD},0,"NOVA"', f'{QUAD},1,"a, b"'], ["NOVA", "a, b"], "difficult"),
        ([f"{QUAD},####NOVA BAR", f"{QUAD},####x"], ["NOVA BAR", "x"], "####"),
        ([f'{QUAD},"{i}"' for i in range(10)], [str(i) for i in range(10)], "Quotes"),
        ([QUAD.replace(",", "\t") + "\tA B,C"], ["A B,C"], "tabs"),
        ([QUAD.replace(",", ";") + ";A"], ["A"], "semicolons"),
    ],
)
def test_variants(lines, expected, note):
    assert texts(*lines) == expected
    assert any(note in line for line in find_form(lines).notes)


def test_a_single_line_with_quotes_or_a_script_column_among_others_is_a_text():
    lines = [f"{QUAD},a", f"{QUAD},b", f'{QUAD},"c"', f"{QUAD},Latin,d"]
    assert texts(*lines) == ["a", "b", '"c"', "Latin,d"]
    assert find_form(lines).notes == []


def test_the_flag_of_difficult_words():
    assert [v["difficult"] for v in parse(f'{QUAD},0,"a"', f'{QUAD},1,"b"', f'{QUAD},1,"###"')] == [
        False,
        True,
        False,
    ]


def test_regions_without_texts():
    values = parse(f"{QUAD},", QUAD)
    assert [(value["polygon"], value["text"], value["illegible"]) for value in values] == [
        (CORNERS, "", False)
    ] * 2


def test_total_text():
    records = [
        record
        for _, record in split_records(
            "x: [[100 175\n  250]], y: [[100  95 100]], ornt: [u'c'], transcriptions: [u'IT\\'S']\n"
            "x: [[1 2 3]], y: [[1 2 1]], ornt: [u'#'], transcriptions: [u'#']\n"
        )
    ]
    first, second = parse(*records)
    assert (first["polygon"], first["text"]) == ([[100, 100], [175, 95], [250, 100]], "IT'S")
    assert second["illegible"]


def test_td500():
    (value,) = parse("0 1 100 100 150 50 0.0")
    assert (value["polygon"], value["difficult"], value["text"]) == (CORNERS, True, "")
    (turned,) = parse("0 0 100 100 40 20 1.5707963267948966")
    assert [[round(x), round(y)] for x, y in turned["polygon"]] == [
        [130, 90],
        [130, 130],
        [110, 130],
        [110, 90],
    ]


def test_the_first_release_of_ctw1500():
    points = [(5 * i, 0) for i in range(7)] + [(30 - 5 * i, 20) for i in range(7)]
    offsets = ",".join(str(value) for point in points for value in point)
    (value,) = parse(f"100,50,130,70,{offsets}")
    assert (value["text"], value["polygon"]) == ("", [[100 + x, 50 + y] for x, y in points])
    with pytest.raises(RegionError, match="expected 32 numbers"):
        parse_record("100,50,130,70,1,2", find_form([f"100,50,130,70,{offsets}"]))
    outline = ",".join(str(value) for x, y in points for value in (100 + x, 50 + y))
    (value,) = parse(f"{outline},100,60,98,55")  # 16 points on the image
    assert value["polygon"][0] == [100, 50]
    assert len(value["polygon"]) == 16


def test_yolo_is_recognised():
    assert find_form(["0 0.125 0.2 0.3 0.2 0.3 0.25 0.125 0.25"]).is_yolo


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3,word", "found 3 numbers in 4 fields; expected x1,y1"),
        ("1,1,9,1,9,9,12", "found 7 numbers in 7 fields"),
        ("word", "found 0 numbers in 1 fields"),
        (",".join(["1"] * 402) + ",a", "201 points"),
    ],
)
def test_invalid_lines(line, message):
    with pytest.raises(RegionError, match=message):
        parse_record(line, find_form([f"{QUAD},a", "1,1,9,1,9,9,three"]))


def test_lines_that_look_like_ground_truth():
    assert looks_like_ground_truth(f"\n{QUAD}\n")
    assert looks_like_ground_truth("x: [[1 2 3]], y: [[1 2 3]]")
    assert not looks_like_ground_truth("1 2 3 go\n")
    assert not looks_like_ground_truth("")
