"""The XML of SCUT-CTW1500."""

from __future__ import annotations

import pytest

from annotation.formats import FormatError, import_from

OUTLINE = [[10 + 5 * i, 10] for i in range(7)] + [[40 - 5 * i, 30] for i in range(7)]
SEGS = ",".join(str(value) for point in OUTLINE for value in point)


def box(text: str, segs: str = SEGS) -> str:
    return (
        f'<box height="20" left="10" top="10" width="30"><label>{text}</label><segs>{segs}</segs>'
        '<pts x="25" y="20"/></box>'
    )


@pytest.fixture
def import_boxes(store, picture, tmp_path):
    def run(boxes: str, attributes: str = 'file="1.jpg"'):
        (tmp_path / "1.jpg").write_bytes(picture())
        text = f"<Annotations><image {attributes}>{boxes}</image></Annotations>"
        (tmp_path / "0001.xml").write_text(text, encoding="utf-8")
        report = import_from(store, "p", tmp_path)
        (image,) = store.image_list(store.find_project("p"))
        return image, store.regions(image.id), report

    return run


def test_an_image_without_boxes(import_boxes):
    image, regions, report = import_boxes("")
    assert (image.name, image.state, regions, report.faults) == ("1.jpg", "done", [], [])


def test_texts_and_outlines(import_boxes):
    image, regions, _ = import_boxes(box("Café &amp; 24,5") + box("###"))
    assert image.state == "done"
    assert [(region.text, region.illegible) for region in regions] == [("Café & 24,5", False), ("", True)]
    assert regions[0].polygon == OUTLINE
    assert regions[0].locked


def test_an_invalid_box_leaves_the_others(import_boxes):
    image, regions, report = import_boxes(box("A") + box("B", "1,2,x") + box("C", "1,2"))
    assert [region.text for region in regions] == ["A"]
    assert image.state == "in work"
    assert [fault.partition(":")[0] for fault in report.faults] == ["0001.xml, box 2", "0001.xml, box 3"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<Annotations/>", "0001.xml is not XML of CTW1500 with an image"),
        ("<Annotations><image/></Annotations>", "0001.xml: an image has no file name"),
    ],
)
def test_invalid_files(store, tmp_path, content, expected):
    (tmp_path / "0001.xml").write_text(content)
    with pytest.raises(FormatError, match=expected):
        import_from(store, "p", tmp_path / "0001.xml")
    assert store.projects() == []
