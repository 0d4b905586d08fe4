"""XML of strangers."""

from __future__ import annotations

import pytest

from annotation.formats.detection import Source
from annotation.formats.entries import FormatError
from annotation.formats.xml_files import files_with_root, read_xml


def test_tags_lose_their_namespace(tmp_path):
    (tmp_path / "a.xml").write_text('<?xml version="1.0" encoding="UTF-8"?><x:a xmlns:x="u"><x:b/></x:a>')
    root = read_xml(tmp_path / "a.xml")
    assert [element.tag for element in root.iter()] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "<a>",
        "",
        "<a>&b;</a>",
        "<a>\0</a>",
    ],
)
def test_dangerous_or_invalid_files_are_refused(tmp_path, text):
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(FormatError, match=r"a\.xml"):
        read_xml(tmp_path / "a.xml")


def test_files_that_are_not_utf8_are_refused(tmp_path):
    """Another encoding would hide a document type."""
    (tmp_path / "a.xml").write_bytes("<!DOCTYPE a><a/>".encode("utf-16"))
    with pytest.raises(FormatError, match="UTF-8"):
        read_xml(tmp_path / "a.xml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<?xml version='1.0'?><!-- <b> --><a x='1'>", True),
        ("<x:a xmlns:x='u'/>", True),
        ("<a/>", True),
        ("<b><a/></b>", False),
        ("", False),
        ("<", False),
    ],
)
def test_the_first_element_decides(tmp_path, text, found):
    (tmp_path / "f.xml").write_text(text)
    assert (files_with_root(Source(tmp_path), "a") != []) == found
