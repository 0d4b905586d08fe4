"""ALTO XML."""

from __future__ import annotations

import pytest

from annotation.formats import FormatError, import_from

WORD = '<String ID="s1" HPOS="10" VPOS="20" WIDTH="50" HEIGHT="30" CONTENT="NOVA"/>'


def alto(content, unit="pixel", name="<fileName>photo.jpg</fileName>", pages=1):
    source = f"<sourceImageInformation>{name}</sourceImageInformation>"
    page = f'<Page WIDTH="200" HEIGHT="100"><PrintSpace><TextBlock><TextLine>{content}</TextLine></TextBlock>'
    layout = f"<Layout>{f'{page}</PrintSpace></Page>' * pages}</Layout>"
    description = f"<Description><MeasurementUnit>{unit}</MeasurementUnit>{source}</Description>"
    return f'<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">{description}{layout}</alto>'


@pytest.fixture
def read(store, picture, tmp_path):
    """Imports a file; (report, regions)."""
    (tmp_path / "photo.jpg").write_bytes(picture())

    def run(text):
        (tmp_path / "photo.xml").write_text(text)
        report = import_from(store, "p", tmp_path / "photo.xml")
        (image,) = store.image_list(store.find_project("p"))
        return report, store.regions(image.id)

    return run


@pytest.mark.parametrize("name", ["<fileName>photo.jpg</fileName>", "<fileName>scan.tif</fileName>", ""])
def test_words(read, name):
    report, (region,) = read(alto(WORD, name=name))
    assert region.text == "NOVA"
    assert region.polygon == [[10, 20], [60, 20], [60, 50], [10, 50]]
    assert (report.notes, report.faults) == ([], [])


@pytest.mark.parametrize("points", ["1,1 50,1 50,20", "1 1 50 1 50 20"])
def test_a_polygon_precedes_the_rectangle(read, points):
    shape = f'<Shape><Polygon POINTS="{points}"/></Shape>'
    _, (region,) = read(alto(WORD.replace("/>", f">{shape}</String>")))
    assert region.polygon == [[1, 1], [50, 1], [50, 20]]


def test_an_invalid_word_leaves_the_others(read):
    report, regions = read(alto(WORD + WORD.replace("s1", "s2").replace("50", "wide")))
    assert [r.text for r in regions] == ["NOVA"]
    assert report.faults == ["photo.xml, String s2: its coordinates must be numbers."]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (alto(WORD, unit="mm10"), "mm10"),
        (alto(WORD, pages=2), "2 pages"),
        (alto(WORD).replace("200", "99"), "99 x 100"),
        (f"<!DOCTYPE alto>{alto(WORD)}", "document type"),
    ],
)
def test_invalid_files(read, text, sentence):
    with pytest.raises(FormatError, match=sentence):
        read(text)
