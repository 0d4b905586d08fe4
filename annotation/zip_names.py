"""Names in zip archives, which many programs on Windows write in its local encoding without saying which."""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
import zlib
from contextlib import suppress
from urllib.parse import quote

UTF8_FLAG = 0x800
ASSUMED = "cp437"  # by Python if the flag is not set, as the standard says
ENCODINGS = ("gbk", "cp932", "cp1252", "cp850")  # of Windows in China, Japan and Western Europe
# Tried without annotations; gb2312 has the common signs of gbk, which could be anything with its rare ones.
EAST_ASIAN = ("gb2312", "cp932", "gbk")
SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA")
# A single sign next to a Latin letter: a word such as Köln, read in the wrong encoding.
LONE_SIGN = re.compile(r"[A-Za-z][^\x00-\x7f](?![^\x00-\x7f])|(?<![^\x00-\x7f])[^\x00-\x7f][A-Za-z]")
ANNOTATIONS = (".txt", ".json", ".csv", ".xml", ".cach")
MAX_READ = 2**26  # bytes of annotation files in which names are looked for

# What zipfile raises for an entry that is damaged, encrypted or compressed with an unknown method.
DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def decode_names(archive: zipfile.ZipFile) -> None:
    """Corrects `filename` of the entries whose encoding the archive does not give.

    It is the encoding in which most of the names occur in the annotation files of the archive; else that of
    Windows in China or Japan, if it makes such names of them.
    """
    unclear = [
        entry
        for entry in archive.infolist()
        if not entry.flag_bits & UTF8_FLAG and not entry.orig_filename.isascii()
    ]
    raw = [entry.orig_filename.encode(ASSUMED) for entry in unclear]
    names = _decode(raw, "utf-8")  # no text in another encoding is valid UTF-8 by chance
    if raw and not names:
        text = _annotations(archive)
        candidates = [_decode(raw, encoding) for encoding in ENCODINGS]
        counts = [sum(_occurs(name, text) for name in found) for found in candidates]
        if max(counts) > 0:
            names = candidates[counts.index(max(counts))]
        else:
            guesses = (_decode(raw, encoding) for encoding in EAST_ASIAN)
            names = next((found for found in guesses if _is_east_asian(found)), [])
    for entry, name in zip(unclear, names, strict=False):
        entry.filename = name


def _decode(raw: list[bytes], encoding: str) -> list[str]:
    """[] if they are not in this encoding."""
    try:
        return [name.decode(encoding) for name in raw]
    except UnicodeDecodeError:
        return []


def _is_east_asian(names: list[str]) -> bool:
    """Whether everything beyond ASCII is Chinese or Japanese, of the usual width."""
    letters = {letter for name in names for letter in name if not letter.isascii()}
    return (
        bool(letters)
        and all(unicodedata.name(letter, "").startswith(SCRIPTS) for letter in letters)
        and not any(LONE_SIGN.search(name) for name in names)
    )


def _annotations(archive: zipfile.ZipFile) -> str:
    """The text of the annotation files."""
    texts, left = [], MAX_READ
    for entry in archive.infolist():
        if entry.filename.lower().endswith(ANNOTATIONS) and left > 0:
            with suppress(*DAMAGED_ZIP), archive.open(entry) as file:
                data = file.read(left)
                left -= len(data)
                texts.append(data.decode("utf-8", errors="replace"))
    return "\n".join(texts)


def _occurs(name: str, text: str) -> bool:
    """As it is, as JSON can write it, or in a URL."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return any(form in text for form in (last, json.dumps(last)[1:-1], quote(last)))
