"""Terms of data sets and packages."""

from spotter.data.terms import terms_of


def test_terms_are_those_stated():
    assert terms_of("icdar2015").startswith("CC BY 4.0")
    assert terms_of("td500").startswith("research use")
    assert terms_of("my photographs") == "not stated"
