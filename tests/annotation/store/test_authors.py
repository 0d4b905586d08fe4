"""Names of the people who change something, and the version that they have seen."""

from __future__ import annotations

import pytest

from annotation.region import AnnotationError
from annotation.store.authors import MAX_PERSON, check_version, person_name
from annotation.store.tables import ImageRow


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("", "someone"),
        (" \t", "someone"),
        (" Ann ", "Ann"),
        ("A\nn\x00n", "Ann"),
        ("李", "李"),
        ("a" * 300, "a" * MAX_PERSON),
    ],
)
def test_names(typed, name):
    assert person_name(typed) == name


def test_a_version_that_is_not_the_current_one_is_refused():
    image = ImageRow(version=3, changed_by="Ann")
    check_version(image, 3)
    with pytest.raises(AnnotationError, match="Ann has changed this image"):
        check_version(image, 2)
