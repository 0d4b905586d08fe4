"""The texts in the code against the catalogues: none is missing, none is stale, values have their places."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from spotter import language
from spotter.language import FOLDER, LANGUAGES, MARKED, current_language, speaking, tr, tr_html, trn

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"tr": None, "trn": (1, 2)}


def texts_of_python(file, *_: object, options: object) -> Iterator[tuple[int, str, list[str | None], list]]:
    """Babel's own reader does not look into f-strings."""
    for call in ast.walk(ast.parse(file.read())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KEYWORDS:
            texts = [argument.value if isinstance(argument, ast.Constant) else None for argument in call.args]
            yield call.lineno, call.func.id, texts, []


def texts_of_html(file, *_: object, options: object) -> Iterator[tuple[int, None, str, list[str]]]:
    for number, line in enumerate(file.read().decode().splitlines(), start=1):
        for text in MARKED.findall(line):
            yield number, None, text, []


CODE = {
    "messages": [("**.py", texts_of_python), ("**.html", texts_of_html)],
    "scripts": [("**.js", "javascript")],
}
OTHERS = [language for language in LANGUAGES if language != "en"]


def texts_in_code(kind: str) -> dict[str | tuple[str, ...], str]:
    """Text, of a plural both forms, and the first place where it stands."""
    found: dict[str | tuple[str, ...], str] = {}
    for folder in ("", "spotter", "annotation"):
        for file, line, text, _, _ in extract_from_dir(
            ROOT / folder,
            CODE[kind],
            keywords=KEYWORDS,
            directory_filter=lambda _, folder=folder: bool(folder),
        ):
            found.setdefault(text, f"{folder}/{file}:{line}")
    return found


def messages(language: str, kind: str) -> dict:
    entries = {}
    for path in sorted(FOLDER.glob(f"{language}/LC_MESSAGES/{kind}*.po")):
        for message in read_po(path.open("rb"), locale=language):
            if message.id:
                key = message.id if isinstance(message.id, str) else tuple(message.id)
                assert key not in entries, f"{path.name}: twice: {key}"
                entries[key] = message
    return entries


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture
def korean(tmp_path, monkeypatch):
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid "Read {name}"\nmsgstr "{name} 읽기"\n\n'
        'msgid "{number} word"\nmsgid_plural "{number} words"\nmsgstr[0] "단어 {number}개"\n\n'
        'msgid "Look"\nmsgstr "보기"\n\n'
        '#, fuzzy\nmsgid "Correct"\nmsgstr "정확한"\n',
        encoding="utf-8",
    )
    (folder / "scripts.po").write_text('msgid "Save"\nmsgstr "저장"\n', encoding="utf-8")
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    language.catalogue.cache_clear()
    yield
    language.catalogue.cache_clear()


def test_english_is_the_text_itself(korean) -> None:
    assert current_language() == "en"
    assert tr("Read {name}", name="a") == "Read a"
    assert tr("50 % {of it}") == "50 % {of it}"
    assert [trn("{number} word", "{number} words", n) for n in (0, 1, 2)] == ["0 words", "1 word", "2 words"]


def test_the_catalogue_of_the_current_language(korean) -> None:
    with speaking("ko"):
        assert tr("Read {name}", name="가") == "가 읽기"
        assert [trn("{number} word", "{number} words", n) for n in (1, 2)] == ["단어 1개", "단어 2개"]
        assert tr("Correct") == "Correct", "a translation that nobody has checked"
        assert tr("Not translated") == "Not translated"
        assert tr("Save") == "Save", "scripts have a catalogue of their own"
    assert language.catalogue("ko", "scripts") == {"Save": "저장"}
    with speaking("ko"):
        assert tr_html('<b title="{{Look}}">{{Save}}</b>{x}') == '<b title="보기">Save</b>{x}'
    assert tr_html("<b>{{Read}} {{it}}</b>") == "<b>Read it</b>"
    assert tr("Read {name}", name="a") == "Read a"


def test_a_language_without_catalogues(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    language.catalogue.cache_clear()
    with speaking("ko"):
        assert tr("Read") == "Read"
    language.catalogue.cache_clear()


@pytest.mark.parametrize("kind", CODE)
@pytest.mark.parametrize("of", OTHERS)
def test_every_text_is_translated(of: str, kind: str) -> None:
    entries = messages(of, kind)
    code = texts_in_code(kind)
    translated = {key for key, message in entries.items() if message.string and not message.fuzzy}
    missing = {place: text for text, place in code.items() if text not in translated}
    assert not missing, f"{len(missing)} texts without translation"
    stale = [text for text in entries if text not in code]
    assert not stale, f"{len(stale)} translations of texts that are nowhere"


@pytest.mark.parametrize("kind", CODE)
@pytest.mark.parametrize("of", OTHERS)
def test_values_have_their_places_and_markup_stays(of: str, kind: str) -> None:
    for key, message in messages(of, kind).items():
        english = key if isinstance(key, str) else key[-1]
        forms = [message.string] if isinstance(message.string, str) else message.string
        for form in filter(None, forms):
            if "{" in english:
                assert names(form) == names(english), english
            assert sorted(re.findall(r"</?\w+", form)) == sorted(re.findall(r"</?\w+", english)), english


@pytest.mark.parametrize("of", OTHERS)
def test_bold_ends_where_markdown_sees_it(of: str) -> None:
    """`**5%**가` stays as it is: after punctuation, the end of bold text wants no letter behind it."""
    for message in messages(of, "messages").values():
        for form in [message.string] if isinstance(message.string, str) else message.string:
            parts = form.split("**")
            for bold, after in zip(parts[1::2], parts[2::2], strict=False):
                assert not (re.search(r"(%\}|[^\w\s}])$", bold) and re.match(r"\w", after)), form


def test_every_text_is_written_out() -> None:
    """`tr(name)` could not be found by reading the code."""
    for path in [ROOT / "app.py", *(ROOT / "spotter").rglob("*.py"), *(ROOT / "annotation").rglob("*.py")]:
        for found in re.finditer(r"(?<![\w.])trn?\((?!\s*[\"'])[^)]*\)", path.read_text(encoding="utf-8")):
            assert path.name == "language.py", f"{path}: {found[0]}"
