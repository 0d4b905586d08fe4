"""Our labelling configuration, and whether another one is compatible."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from annotation.region import FLAGS

CONFIG = """<View>
  <Image name="image" value="$image" zoom="true" zoomControl="true" rotateControl="false"/>
  <PolygonLabels name="label" toName="image" strokeWidth="2" opacity="0.2">
    <Label value="Text" background="#0a6c74"/>
  </PolygonLabels>
  <TextArea name="transcription" toName="image" perRegion="true" editable="true" maxSubmissions="1" rows="1"
            displayMode="region-list" placeholder="What is written here?"/>
  <Choices name="flags" toName="image" perRegion="true" choice="multiple">
    <Choice value="illegible"/>
    <Choice value="difficult"/>
  </Choices>
</View>
"""
LABEL = "Text"
OUTLINE_TAGS = {"PolygonLabels", "Polygon", "RectangleLabels", "Rectangle"}


def has_our_controls(config: object) -> bool:
    """Whether a configuration has our controls under our names; additional ones are allowed."""
    controls = _controls(config)
    return (
        controls.get(("Image", "image")) == {"$image"}
        and LABEL in controls.get(("PolygonLabels", "label"), ())
        and ("TextArea", "transcription") in controls
        and set(FLAGS) <= controls.get(("Choices", "flags"), set())
    )


def has_text_regions(config: object) -> bool:
    """Whether annotations of a configuration contain regions with texts."""
    tags = {tag for tag, _ in _controls(config)}
    return "TextArea" in tags and bool(tags & OUTLINE_TAGS)


def _controls(config: object) -> dict[tuple[str, str], set[str]]:
    """(tag, name) -> its labels or choices, or the value of an image; {} if the XML is invalid."""
    try:
        root = ElementTree.fromstring(str(config))
    except (ElementTree.ParseError, ValueError):  # ValueError: half of a surrogate pair
        return {}
    found = {}
    for tag in root.iter():
        if name := tag.get("name"):
            values = {child.get("value", "") for child in tag.iter() if child is not tag}
            found[tag.tag, name] = {tag.get("value", "")} if tag.tag == "Image" else values
    return found
