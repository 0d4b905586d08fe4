"""The texts of synthetic scenes."""

from __future__ import annotations

import functools
import json
import random
import string
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate
from pathlib import Path

from spotter.config import PRINTABLE
from spotter.data.synth import own_texts
from spotter.data.user_cache import cached_text

HELD_OUT_PERCENT = 10
MAX_LENGTH = 24  # characters
ENGLISH_WORDS = 60_000  # the most frequent ones
# Words of other languages teach to read letters, not to guess English words; held-out texts have none.
LANGUAGES = ("de", "es", "fi", "fr", "id", "it", "nl", "pl", "pt", "sv")
FOREIGN_WORDS = 12_000  # of each language
FOREIGN_SHARE = 0.15  # of the words
FREQUENCY_EXPONENT = 0.7  # below 1: rare words are drawn more often than in English text
LONG_WORD = 10  # characters
NAMES = 600  # of each kind that Faker invents
_LETTERS_DIGITS = string.ascii_letters + string.digits
_SINGLES = "&&&$%#@?!+*" + string.digits * 2 + string.ascii_uppercase
_SHORT = "TO,OF,IN,ON,AT,BY,UP,GO,NO,OK,WE,US,IS,IT,24,10,50,20,A1,B2,3D,4G,UK,TV,PC,CD,XL,No,Mr,Dr,St"


def is_held_out(text: str) -> bool:
    """Whether a text belongs to the held-out split; neither case nor punctuation around it matters."""
    key = text.strip(string.punctuation).lower() or text
    return zlib.crc32(key.encode()) % 100 < HELD_OUT_PERCENT


@dataclass(frozen=True)
class WordLists:
    """The words that the texts of one split are made of."""

    common: tuple[str, ...]  # English words, most frequent first
    frequencies: tuple[float, ...]  # of the common words, in English text (0..1)
    foreign: tuple[str, ...]  # words of other languages
    names: tuple[str, ...]  # of people, towns, companies and streets; plates, domains, e-mail addresses

    @classmethod
    def from_packages(cls, split: str) -> WordLists:
        """The lists that wordfreq and Faker give for a split, "train" or "held_out"."""
        from wordfreq import top_n_list, word_frequency

        held_out = split == "held_out"
        plain = filter(is_plain, top_n_list("en", ENGLISH_WORDS))
        common = tuple(word for word in plain if is_held_out(word) == held_out)
        foreign = {
            word
            for language in ([] if held_out else LANGUAGES)
            for word in top_n_list(language, FOREIGN_WORDS)
        }
        return cls(
            common=common,
            frequencies=tuple(word_frequency(word, "en") for word in common),
            foreign=tuple(sorted(filter(is_plain, foreign - set(common)))),
            names=tuple(_faker_names(held_out)),
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> WordLists:
        """The lists that `to_json` wrote. Raises ValueError when the text is not of this form."""
        try:
            lists = cls(**{name: tuple(values) for name, values in json.loads(text).items()})
            texts = "".join((*lists.common, *lists.foreign, *lists.names))
            total = sum(lists.frequencies)
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError("The word lists are damaged.") from error
        complete = lists.names and 0 < len(lists.common) == len(lists.frequencies)
        if not (complete and total > 0 and min(lists.frequencies) >= 0 and texts.isascii()):
            raise ValueError("The word lists are damaged.")
        return lists

    def to_json(self) -> str:
        """As JSON; numbers keep every digit."""
        return json.dumps(asdict(self), separators=(",", ":"))


class Vocabulary:
    """Texts of one split: mostly ordinary words; names, numbers, prices, codes, random strings."""

    def __init__(
        self, split: str = "train", lists: WordLists | None = None, own_words: Sequence[str] = ()
    ) -> None:
        """`lists`: of the same split; None: those of wordfreq and Faker. `own_words`: with own characters."""
        self.held_out = split == "held_out"
        self.lists = lists = lists or WordLists.from_packages(split)
        self.common, self.foreign, self.names = list(lists.common), list(lists.foreign), list(lists.names)
        self._cumulative = list(accumulate(frequency**FREQUENCY_EXPONENT for frequency in lists.frequencies))
        self.long = [word for word in self.common if len(word) >= LONG_WORD]
        self.own_words = [word for word in own_words if len(word) <= MAX_LENGTH]

    def with_own(self, words: Sequence[str]) -> Vocabulary:
        """The same with other `own_words`."""
        return Vocabulary("held_out" if self.held_out else "train", self.lists, words)

    def sample(self, rng: random.Random, caps_only: bool = False, script: bool = False, own: str = "") -> str:
        """A text of printable ASCII without blanks, and of the own characters that a face draws.

        caps_only: for a font of capitals only; script: for handwriting, in which capitals alone are hard to
        read.
        """
        if own and rng.random() < own_texts.SHARE:
            word = _cased(rng, self._word(rng))
            if text := own_texts.own_text(rng, own, word, self.own_words, caps_only):
                return text
        while True:
            text = self._draw(rng)
            if caps_only:
                text = text.upper()
            elif script and len(text) > 2 and text.isupper():
                text = text.capitalize()
            if _fits(text, self.held_out):
                return text

    def _draw(self, rng: random.Random) -> str:
        """A text of any kind; the numbers are cumulative shares of the kinds."""
        kind = rng.random()
        if kind < 0.68:
            return self._decorated(rng, _cased(rng, self._word(rng)))
        if kind < 0.76:
            name = rng.choice(self.names)
            return name.upper() if rng.random() < 0.4 else name
        if kind < 0.81:
            return _number(rng)
        if kind < 0.86:
            return _price(rng)
        if kind < 0.89:
            return _code(rng)
        if kind < 0.95:
            return rng.choice(_SINGLES) if rng.random() < 0.5 else _short(rng)
        pool = PRINTABLE if rng.random() < 0.6 else _LETTERS_DIGITS
        return rng.choice(_LETTERS_DIGITS) + "".join(rng.choices(pool, k=rng.randint(1, 9)))

    def _word(self, rng: random.Random) -> str:
        if self.foreign and rng.random() < FOREIGN_SHARE:
            return rng.choice(self.foreign)
        kind = rng.random()
        if kind < 0.45:
            return rng.choices(self.common, cum_weights=self._cumulative)[0]
        return rng.choice(self.long if kind > 0.9 else self.common)

    def _decorated(self, rng: random.Random, word: str) -> str:
        """The word, sometimes with a punctuation mark or a second word."""
        kind = rng.random()
        if kind > 0.12:
            return word
        if kind < 0.06:
            return word + rng.choice(",.,.!?:;")
        if kind < 0.08:
            pair = rng.choice(['""', "''", "()", "[]", "<>", "{}", "**", "--"])
            return pair[0] + word + pair[1]
        if kind < 0.1:
            return rng.choice("#@-*~$") + word
        return word + rng.choice("-/&+._|\\") + _cased(rng, rng.choice(self.common))


def _faker_names(held_out: bool) -> list[str]:
    """Names of people, towns, companies and streets, plates, domains and e-mail addresses of one split."""
    from faker import Faker

    faker = Faker("en_US")
    faker.seed_instance(0)
    found = []
    for _ in range(NAMES):
        found += f"{faker.name()} {faker.city()} {faker.company()} {faker.street_name()}".split()
        found += [faker.license_plate().replace(" ", "-"), faker.domain_name()]
    found += [faker.ascii_free_email() for _ in range(NAMES // 3)]
    return sorted({name for name in found if _fits(name, held_out)})


def _fits(text: str, held_out: bool) -> bool:
    """Whether a text may be used in the held-out split, or in the other one."""
    return 0 < len(text) <= MAX_LENGTH and all(c in PRINTABLE for c in text) and is_held_out(text) == held_out


def is_plain(word: str) -> bool:
    """Whether a word consists of English letters and apostrophes."""
    return (
        len(word) <= MAX_LENGTH
        and any(c.isalpha() for c in word)
        and all(c in string.ascii_lowercase + "'" for c in word)
    )


def _cased(rng: random.Random, word: str) -> str:
    """In capitals in half of the cases, as on signs."""
    kind = rng.random()
    if kind < 0.48:
        return word.upper()
    if kind < 0.76:
        return word.capitalize()
    if kind < 0.97:
        return word
    return "".join(rng.choice((c, c.upper())) for c in word)


def _number(rng: random.Random) -> str:
    digits = "".join(rng.choices(string.digits, k=rng.choice((1, 2, 2, 3, 3, 4, 4, 5, 6, 8))))
    form = rng.choice(
        ("{0}", "{0}", "{0}", "#{0}", "{0}%", "{0}+", "+{0}", "-{0}", "{0}:{1}", "{0}-{1}", "{0}/{1}")
    )
    return form.format(digits, rng.randint(10, 99))


def _price(rng: random.Random) -> str:
    whole = rng.randint(0, rng.choice((9, 99, 999, 9999)))
    form = rng.choice(
        ("${0}", "${0}.{1:02d}", "{0}.{1:02d}", "{0},{1:02d}", "$${0}", "${0}/{1}", "{0}.-", "{0:,}")
    )
    return form.format(whole, rng.choice((99, 95, 50, 0, 90, rng.randint(0, 99)))).replace("$$", "S$")


def _code(rng: random.Random) -> str:
    """A plate, a room, a time, a date or a telephone number."""
    form = rng.choice(
        ("AA#-###", "AAA####A", "A##", "##:##", "#AAA###", "##.##.##", "###-####", "#-###-###", "AA##", "#aa")
    )
    draw = {"A": string.ascii_uppercase, "a": string.ascii_lowercase, "#": string.digits}
    return "".join(rng.choice(draw[c]) if c in draw else c for c in form)


def _short(rng: random.Random) -> str:
    return rng.choice(_SHORT.split(",")) if rng.random() < 0.6 else "".join(rng.choices(_LETTERS_DIGITS, k=2))


@functools.lru_cache(maxsize=2)
def installed_vocabulary(split: str) -> Vocabulary:
    """The vocabulary of a split, "train" or "held_out"; made once per process, its lists once per user."""
    try:
        versions = "-".join(version(package) for package in ("wordfreq", "faker"))
        code = zlib.crc32(Path(__file__).read_bytes())
        name = f"words/{split}-{versions}-{code:08x}.json"
        lists = WordLists.from_json(cached_text(name, lambda: WordLists.from_packages(split).to_json()))
    except (PackageNotFoundError, ValueError):  # not installed, or the cache is damaged
        lists = WordLists.from_packages(split)
    return Vocabulary(split, lists)
