"""Titles as identity compares them: folded, parted by script, numbers written one way.

A title is never transliterated: its Chinese part meets Chinese parts, its Latin part Latin ones. Titles that share no
script say nothing about each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA, Levenshtein
from rapidfuzz.fuzz import ratio

from indexer.search.folding import fold

Likeness = Literal["equal", "near", "head", "longer", "edged", "close", "numbered", "other", "incomparable"]
"""How two titles relate: the same letters; the same but for slips; one without the other's subtitle; one with a word
more inside, or at an end; a word changed; the same but for a number; different; in different scripts."""

MOST_TITLES = 4
_LONGEST = 600
_HAN = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_ASCII_TOKEN = re.compile("[a-z0-9]+")
_DIGITS = re.compile(r"\d+")
#: Where scripts begin that stand for themselves; Greek letters are formulae in titles of all scripts.
_SCRIPTS = ((0x0250, "latin"), (0x0370, "latin"), (0x0400, "greek"), (0x0530, "cyrillic"), (0x0590, "armenian"),
            (0x0600, "hebrew"), (0x0780, "arabic"), (0x0E00, "indic"), (0x0E80, "thai"), (0x1100, "other"),
            (0x1200, "hangul"), (0x1E00, "other"), (0x2000, "latin"), (0x3005, "other"), (0xAC00, "han"),
            (0xD7B0, "hangul"), (0xF900, "other"), (0xFB00, "han"), (0x20000, "other"), (0x40000, "han"))  # fmt: skip
_EVERYWHERE = frozenset(("latin", "greek"))
_LEAST_OWN = 4
_LEAST_WORDS = 3
_ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12",
}  # fmt: skip
_ROMAN_LETTER = {"i": "1", "v": "5", "x": "10"}
_LETTERED = 900
_COUNTED = frozenset(
    """
    part parts pt type phase class grade level stage group volume vol chapter section study paper report teil parte
    partie deel część часть том глава tome band article factor
    """.split()  # noqa: SIM905 - a list of quoted words would be three times as long
)
_HAN_NUMBER = re.compile("(?:(?<=之)|(?<=第)|(?<=[(（]))[一二三四五六七八九十](?=[)）部篇章期版卷次届]|$|[:：\\s—-])")
_HAN_PART = re.compile("[(（](上|中|下)[)）]|(?:[:：\\s—-])(上|中|下)篇|[(（](上|中|下)篇[)）]")
_HAN_DIGITS = {name: str(number) for number, name in enumerate("一二三四五六七八九十", start=1)}
_HAN_PARTS = {"上": " 1 ", "中": " 2 ", "下": " 3 "}
stops = frozenset(
    """
    a an the of in on for and or to with by from at as is are its their der die das des und von zur zum im le la les de
    du et en une un el los las del y o e da do dos das em na no per il di della in и в на с по для the via vs
    """.split()  # noqa: SIM905
)
_HAN_STOPS = frozenset("的与和及之在对了于及中其并")
#: Pairs of beginnings that turn a word around; what follows them is the same ("hypertension", "hypotension").
_CONTRASTS = (
    ("hyper", "hypo"), ("intra", "inter"), ("pre", "post"), ("macro", "micro"), ("female", "male"), ("un", ""),
    ("in", ""), ("im", ""), ("non", ""), ("anti", ""), ("mono", "poly"), ("under", "over"), ("homo", "hetero"),
    ("intra", "extra"), ("in", "out"), ("up", "down"), ("dis", ""), ("a", ""), ("sub", ""), ("super", "sub"),
    ("ab", "ad"), ("endo", "exo"), ("pro", "anti"), ("uni", "bi"), ("bi", "tri"), ("men", "women"), ("man", "woman"),
    ("multi", "uni"), ("multi", "mono"), ("de", ""), ("re", ""), ("ex", "in"), ("systolic", "diastolic"),
)  # fmt: skip
_TURNING = frozenset(
    """
    without not no non never anti first second third male female men women left right acute chronic early late short
    long low high pre post children adults preliminary reply sin sans ohne senza nao не без
    """.split()  # noqa: SIM905
)
"""Words that make another work of a title by themselves."""
_OFFSHOOTS = frozenset(
    """
    protocol protocols protocolo protocole protokoll протокол pilot followup follow interim summary resumen resumo
    supplement supplementary supplemental appendix addendum update updated rejoinder resubmission
    """.split()  # noqa: SIM905
)
"""Words of a subtitle that make another work of the title: one has them, and the title alone is the work itself."""
_HAN_OFFSHOOT = re.compile("续|補遺|补遗|补正|补充|摘要|更正|勘误|撤稿|方案|商榷|述评|答复|评介|書評|书评|訂正|正誤")
_SHORT_WORD = 4
_SLIP = 0.8
_SLIPS_EACH = 3
_LIKE = 62.0
_LONG_ENOUGH = 8
_FEW_LETTERS = 12


class Title(NamedTuple):
    """One title in one script: folded words (Chinese unparted), numbers in digits."""

    text: str
    script: str

    @property
    def letters(self) -> int:
        """Count its letters, a Chinese one as three: what it says by itself."""
        count = len(self.text) - self.text.count(" ")
        return count * 3 if self.script == "han" else count


class TitleComparison(NamedTuple):
    """The best agreement of two records' titles: how alike, and how many letters agree."""

    likeness: Likeness
    letters: int


def parts_of(titles: Iterable[str]) -> tuple[Title, ...]:
    """Fold titles and part those of two scripts; at most four, the main one's parts first."""
    found: dict[Title, None] = {}
    for title in titles:
        for part in _split(_words(title[:_LONGEST])):
            found.setdefault(part)
        if len(found) >= MOST_TITLES:
            break
    return tuple(found)[:MOST_TITLES]


def _words(title: str) -> list[str]:
    if not title.isascii():
        title = _HAN_PART.sub(lambda match: _HAN_PARTS[match[1] or match[2] or match[3]], title)
        title = _HAN_NUMBER.sub(lambda match: _HAN_DIGITS[match[0]], title)
    folded = fold(title).replace("'", "")
    words = _ASCII_TOKEN.findall(folded) if folded.isascii() else _TOKEN.findall(folded)
    return _arabic(words)


def _arabic(words: list[str]) -> list[str]:
    """Write roman numbers in digits (I, V and X only where something is counted or the title ends), and "part B"."""
    last = len(words) - 1
    for position, word in enumerate(words):
        if word in _ROMAN:
            words[position] = _ROMAN[word]
        elif len(word) == 1 and position and word.isascii() and word.isalpha():
            is_counted = words[position - 1] in _COUNTED
            if word in _ROMAN_LETTER and (position == last or is_counted):
                words[position] = _ROMAN_LETTER[word]
            elif is_counted:
                words[position] = str(_LETTERED + ord(word))
    return words


def script_of(letter: str) -> str:
    """Name the script of a folded letter."""
    code = ord(letter)
    return next((name for end, name in _SCRIPTS if code < end), "other")


def _split(words: list[str]) -> list[Title]:
    """Part a bilingual title at its one change of script; others stay whole."""
    if not words:
        return []
    scripts = ["latin"] if all(word.isascii() for word in words) else [script_of(word[0]) for word in words]
    own = next((one for one in scripts if one not in _EVERYWHERE), None)
    if own is None:
        return [Title(" ".join(words), "latin")]
    first, last = scripts.index(own), len(scripts) - 1 - scripts[::-1].index(own)
    before, middle, after = words[:first], words[first : last + 1], words[last + 1 :]
    if _size(middle, own) < _LEAST_OWN or scripts[first : last + 1].count("latin") > scripts.count(own) + 1:
        main = "latin" if scripts.count("latin") * 2 > len(scripts) else own
        return [Title(_joined(words, main), main)]
    if len(before) >= _LEAST_WORDS > len(after):
        return [Title(" ".join(before), "latin"), Title(_joined(middle + after, own), own)]
    if len(after) >= _LEAST_WORDS > len(before):
        return [Title(_joined(before + middle, own), own), Title(" ".join(after), "latin")]
    return [Title(_joined(words, own), own)]


def _size(words: Sequence[str], script: str) -> int:
    """Count what makes a part a title: letters of Chinese, twice the words of what is written with blanks."""
    own = [word for word in words if script_of(word[0]) == script]
    return sum(map(len, own)) if script == "han" else 2 * len(own)


def _joined(words: Sequence[str], script: str) -> str:
    return "".join(words) if script == "han" else " ".join(words)


def compare_titles(one: Sequence[Title], other: Sequence[Title]) -> TitleComparison:
    """Compare every part with those of its script, and return the best; a part that disagrees weakens it."""
    best: TitleComparison = TitleComparison("incomparable", 0)
    rank = -1
    for a in one:
        for b in other:
            if a.script != b.script:
                continue
            likeness = compare(a.text, b.text, a.script)
            letters = min(a.letters, b.letters)
            if (_RANK[likeness], letters) > (rank, best.letters):
                rank, best = _RANK[likeness], TitleComparison(likeness, letters)
    return best


_RANK: dict[Likeness, int] = {
    "incomparable": -1, "other": 0, "numbered": 1, "close": 2, "edged": 3, "longer": 4, "head": 5, "near": 6,
    "equal": 7,
}  # fmt: skip


def compare(one: str, other: str, script: str) -> Likeness:
    """Compare two texts of one script."""
    if one == other or (compact_one := one.replace(" ", "")) == (compact_other := other.replace(" ", "")):
        return "equal"
    short, long = sorted((compact_one, compact_other), key=len)
    is_head = len(short) >= _FEW_LETTERS and (
        long.startswith(short) or (len(short) >= 2 * _FEW_LETTERS and long.endswith(short))
    )
    if not is_head and ratio(compact_one, compact_other, score_cutoff=_LIKE) < _LIKE:
        return _sifted(one, other) if script != "han" and len(short) * 4 >= len(long) else "other"
    if not _same_numbers(one, other, is_head=is_head):
        return "numbered"
    if script == "han":
        return _compare_han(compact_one, compact_other, is_head=is_head)
    return _compare_words(one, other)


def _sifted(one: str, other: str) -> Likeness:
    """Catch a title without its subtitle where a slip stands in the part they share."""
    short, long = sorted((one, other), key=len)
    if len(short) < 2 * _FEW_LETTERS or len(long) < len(short) * 1.3:
        return "other"
    head = long[: len(short)]
    return "head" if Levenshtein.normalized_similarity(short, head, score_cutoff=0.95) else "other"


def _same_numbers(one: str, other: str, *, is_head: bool) -> bool:
    a, b = "".join(_DIGITS.findall(one)), "".join(_DIGITS.findall(other))
    return a == b or (is_head and (a.startswith(b) or b.startswith(a) or a.endswith(b) or b.endswith(a)))


def _compare_han(one: str, other: str, *, is_head: bool) -> Likeness:
    if is_head:
        short, long = sorted((one, other), key=len)
        return "close" if _HAN_OFFSHOOT.search(long.replace(short, "", 1)) else "head"
    changed = [
        one[edit.src_start : edit.src_end] + other[edit.dest_start : edit.dest_end]
        for edit in Levenshtein.opcodes(one, other)
        if edit.tag != "equal"
    ]
    if all(set(letters) <= _HAN_STOPS or letters.isascii() for letters in changed):
        return "near"
    return "close" if len(changed) == 1 and len(one) >= _FEW_LETTERS else "other"


def _compare_words(one: str, other: str) -> Likeness:
    """Tell slips of the pen from another word."""
    only_one, only_other = _unshared(one.split(), other.split())
    if _same_joined(only_one, only_other):
        return "near"
    slips = 0
    for word in list(only_one):
        twin = next((candidate for candidate in only_other if is_slip(word, candidate)), None)
        if twin is not None:
            only_one.remove(word)
            only_other.remove(twin)
            slips += 1
    short, long = sorted((one, other), key=len)
    words = short.count(" ") + 1
    if not only_one and not only_other:
        return "near" if slips * _SLIPS_EACH <= max(words, _SLIPS_EACH) else "close"
    if only_one and only_other:
        return "close" if len(only_one) == len(only_other) == 1 and words >= _LONG_ENOUGH else "other"
    more = only_one or only_other
    is_part = long.startswith(short) or long.endswith(short)
    if len(more) == 1 and (is_part or words >= _LONG_ENOUGH - 1):
        return "close" if more[0] in _TURNING else "edged" if is_part else "longer"
    if is_part or _starts_like(short, long):
        return _head_with(more)
    return "close" if len(more) * 6 <= words else "other"


def _head_with(more: list[str]) -> Likeness:
    """Tell what a title is with so many words more: its longer form, or a part or an offshoot of the work."""
    if any(word in _COUNTED and number.isdigit() for word, number in pairwise(more)):
        return "numbered"
    return "head" if _OFFSHOOTS.isdisjoint(more) else "close"


def _unshared(one: list[str], other: list[str]) -> tuple[list[str], list[str]]:
    rest = list(other)
    only_one = []
    for word in one:
        if word in rest:
            rest.remove(word)
        else:
            only_one.append(word)
    return _telling(only_one, rest), _telling(rest, only_one)


def _telling(words: list[str], others: list[str]) -> list[str]:
    """Drop small words; a single letter stays where another stands for it ("vitamin A", "vitamin D")."""
    has_letter = any(len(word) == 1 for word in others)
    return [word for word in words if word not in stops or (has_letter and len(word) == 1)]


def _same_joined(one: list[str], other: list[str]) -> bool:
    """Tell whether the words left over are one text with blanks elsewhere ("on line", "online")."""
    a, b = "".join(one), "".join(other)
    return a == b or (len(a) >= 2 * _SHORT_WORD and Levenshtein.normalized_similarity(a, b) > 0.9)  # noqa: PLR2004


def _starts_like(short: str, long: str) -> bool:
    return Levenshtein.normalized_similarity(short, long[: len(short)], score_cutoff=0.95) > 0


def is_slip(one: str, other: str) -> bool:
    """Tell whether two words are one word, misspelt, inflected or cut; numbers and short words never are."""
    if min(len(one), len(other)) < _SHORT_WORD or one.isdigit() or other.isdigit():
        return False
    if one.startswith(other) or other.startswith(one):
        return abs(len(one) - len(other)) < _SHORT_WORD
    return OSA.normalized_similarity(one, other) >= _SLIP and not _is_contrast(one, other)


def _is_contrast(one: str, other: str) -> bool:
    return any(
        (one.startswith(a) and other.startswith(b) and one[len(a) :] == other[len(b) :])
        or (one.startswith(b) and other.startswith(a) and one[len(b) :] == other[len(a) :])
        for a, b in _CONTRASTS
    )
