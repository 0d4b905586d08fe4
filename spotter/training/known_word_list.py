"""Makes the list of known words (see `spotter.known_words`): python -m spotter.training.known_word_list

First English words, then those of ten other languages, each by frequency; letters a to z and apostrophes.
They are wordfreq's (pip install wordfreq), whose data are under CC BY-SA 4.0.
"""

from __future__ import annotations

import argparse
import lzma
import sys
from collections.abc import Sequence
from pathlib import Path

from spotter.data.synth.vocabulary import FOREIGN_WORDS, LANGUAGES, is_plain
from spotter.known_words import FILE

ENGLISH_WORDS = 90_000  # size of ICDAR 2015's generic lexicon


def known_word_list(english: int = ENGLISH_WORDS, foreign: int = FOREIGN_WORDS) -> list[str]:
    """The words. english, foreign: the number of the most frequent ones, the second of each language; fewer
    remain, as those with other characters are left out.
    """
    from wordfreq import top_n_list, word_frequency

    first = [word for word in top_n_list("en", english) if is_plain(word)]
    frequencies: dict[str, float] = {}
    for language in LANGUAGES:
        for word in set(filter(is_plain, top_n_list(language, foreign))).difference(first):
            frequencies[word] = max(frequencies.get(word, 0.0), word_frequency(word, language))
    return [*first, *sorted(frequencies, key=lambda word: (-frequencies[word], word))]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        "python -m spotter.training.known_word_list",
        description="Makes the list of words that readings are compared with.",
    )
    parser.add_argument("--out", type=Path, default=FILE, help="file to write (.txt.xz)")
    out = parser.parse_args(arguments).out
    try:
        words = known_word_list()
        content = lzma.compress("\n".join(words).encode("ascii"), preset=9)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)
    except ImportError:
        print("The list is made of words of the package wordfreq: pip install wordfreq.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    print(f"wrote {out}: {len(words)} words, {len(content) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
