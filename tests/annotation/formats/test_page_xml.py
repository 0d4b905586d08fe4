"""PAGE XML."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from annotation.formats import FormatError, export_to, import_from
from annotation.region import Region

SPACE = 'xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"'
COORDS = '<Coords points="1,1 50,1 50,20 1,20"/>'


def equivalent(text, index=""):
    return f"<TextEquiv{index}><Unicode>{text}</Unicode></TextEquiv>"


@pytest.fixture
def read(store, picture, tmp_path):
    """Imports the content of a page; (report, regions)."""
    (tmp_path / "photo.jpg").write_bytes(picture())

    def run(content):
        page = f'<Page imageFilename="photo.jpg" imageWidth="200" imageHeight="100">{content}</Page>'
        (tmp_path / "photo.xml").write_text(f"<?xml version='1.0'?><PcGts {SPACE}>{page}</PcGts>")
        report = import_from(store, "p", tmp_path)
        (image,) = store.image_list(store.find_project("p"))
        return report, store.regions(image.id)

    return run


def test_lines(store, case):
    report = import_from(store, "p", case("63") / "a.xml")
    (image,) = store.image_list(store.find_project("p"))
    assert (image.name, image.state, report.notes, report.faults) == ("a.jpg", "done", [], [])
    (region,) = store.regions(image.id)
    assert region.text == "NOVA"
    assert region.polygon == [[100, 100], [250, 100], [250, 150], [100, 150]]


def test_words_precede_their_line(read):
    words = [
        f"<Word>{COORDS.replace('50', str(x))}{equivalent(text)}</Word>" for x, text in ((40, "A"), (60, "B"))
    ]
    line = f"<TextLine>{COORDS}{''.join(words)}{equivalent('A B')}</TextLine>"
    report, regions = read(f"<TextRegion>{line}</TextRegion>")
    assert [r.text for r in regions] == ["A", "B"]
    assert report.faults == []


def test_the_reading_with_the_lowest_index_counts(read):
    readings = equivalent("second", ' index="1"') + equivalent("first", ' index="0"')
    _, (region,) = read(f"<TextLine>{COORDS}{readings}</TextLine>")
    assert region.text == "first"


def test_points_as_elements(read):
    points = "".join(f'<Point x="{x}" y="{y}"/>' for x, y in ((1, 1), (50, 1), (50, 20)))
    _, (region,) = read(f"<TextLine><Coords>{points}</Coords>{equivalent('old')}</TextLine>")
    assert region.polygon == [[1, 1], [50, 1], [50, 20]]


def test_an_invalid_line_leaves_the_others(read):
    good = f"<TextLine>{COORDS}{equivalent('a')}</TextLine>"
    report, regions = read(
        f'{good}<TextLine id="l2"/><TextLine id="l3"><Coords points="1,x 2 3"/></TextLine>'
    )
    assert [r.text for r in regions] == ["a"]
    assert [fault.partition(":")[0] for fault in report.faults] == [
        "photo.xml, TextLine l2",
        "photo.xml, TextLine l3",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<PcGts>", "not valid XML"),
        ("<PcGts/>", "name of an image"),
        ('<!DOCTYPE PcGts [<!ENTITY a "b">]><PcGts>&a;</PcGts>', "document type"),
        ('<!DOCTYPE PcGts SYSTEM "file:///etc/passwd"><PcGts/>', "document type"),
    ],
)
def test_invalid_files(store, tmp_path, text, sentence):
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(FormatError, match=sentence):
        import_from(store, "p", tmp_path / "a.xml")


def test_one_file_per_photo(store, full, tmp_path):
    """As the schema of PAGE wants it: the order of the elements, and points in whole pixels."""
    export_to(store, full, tmp_path / "out", "page-xml")
    files = sorted((tmp_path / "out").glob("*.xml"))
    images = [image for image in store.image_list(full) if image.state != "new"]
    assert len(files) == len(images) == 3
    for file in files:
        page = ElementTree.parse(file).getroot().find("{*}Page")
        assert page is not None
        assert (tmp_path / "out" / page.get("imageFilename", "")).is_file()
        for line in page.iter("{*}TextLine"):
            assert [child.tag.rpartition("}")[2] for child in line] == ["Coords", "Word", "TextEquiv"]
            assert all(
                re.fullmatch(r"\d+,\d+( \d+,\d+)+", c.get("points", "")) for c in line.iter("{*}Coords")
            )


def test_flags_come_back(store, image_id, other, tmp_path):
    box = [[1, 1], [20, 1], [20, 10]]
    flags = [{}, {"illegible": True}, {"difficult": True}, {"illegible": True, "difficult": True}]
    words = [Region([[x, y + 12 * i] for x, y in box], "a", **flag) for i, flag in enumerate(flags)]
    store.save_regions(image_id, 0, words, "ann")
    export_to(store, store.find_project("p"), tmp_path / "out", "page-xml")
    import_from(other, "p", tmp_path / "out")
    (image,) = other.image_list(other.find_project("p"))
    assert [(r.text, r.illegible, r.difficult) for r in other.regions(image.id)] == [
        (r.text, r.illegible, r.difficult) for r in words
    ]


def test_names_and_texts_are_escaped(store, picture, other, tmp_path):
    project = store.ensure_project("p")
    image, _ = store.add_image(project, picture(), 'a "b" & c.jpg')
    store.save_regions(image.id, 0, [Region([[1, 1], [20, 1], [20, 10]], "]]> <!ENTITY & \r\n x")], "ann")
    export_to(store, project, tmp_path / "out", "page-xml")
    import_from(other, "p", tmp_path / "out")
    (copy,) = other.image_list(other.find_project("p"))
    assert [region.text for region in other.regions(copy.id)] == ["]]> <!ENTITY & \r\n x"]
