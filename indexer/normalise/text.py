r"""Clean texts: markup, entities, LaTeX, mojibake, control characters, white space, shouting.

Every function is total (it never raises), and giving it its own result changes nothing. Texts without any of
``< & $ { \`` take a short path. Markup is found by the names of HTML, JATS and MathML elements, not by
angle brackets alone, because abstracts are full of ``p<0.05`` and ``a<b``; what is returned is plain text
and must be escaped where it is shown.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

import ftfy

from indexer.normalise.capitals import sentence_case
from indexer.normalise.latex import replace_latex

_MAX_ROUNDS = 12
_TAG_NAMES = frozenset(
    """
    a abbr abstract alternatives article-title b big bdi blockquote body bold br center cite code dd del dfn
    disp-formula disp-quote div dl dt em ext-link figure figcaption font h1 h2 h3 h4 h5 h6 head hr html i img inf
    inline-formula inline-graphic ins italic kbd label li link list list-item monospace named-content o:p ol p pre q
    roman s samp sc script sec section small span strike strong style styled-content sub subtitle sup table tbody td
    tex-math th thead title tr tt u ul underline uri var xref
    """.split()  # noqa: SIM905 - a list of quoted words would be three times as long
)
_MATH_NAME = re.compile("m[a-z]+")  # MathML's elements all begin with m
_ATTRIBUTES = r"""(?:\s+[\w:.-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))?)*"""
_TAG = re.compile(rf"<(/?)\s*(?:jats:|mml:)?([a-z][a-z0-9:-]*){_ATTRIBUTES}\s*/?>", re.IGNORECASE)
_UNSEEN_START = re.compile(r"<(script|style)\b[^<>]*>|<!--|<\?xml", re.IGNORECASE)
_UNSEEN_END = {
    "<!--": re.compile("-->"),
    "<?xml": re.compile(r"\?>"),
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
}
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_BLOCKS = frozenset("p div br li ul ol sec section list list-item tr table blockquote hr dd dt dl".split())  # noqa: SIM905
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "title"))
_SCRIPTS = re.compile(r"<(su[bp])>([0-9+\-−–()=n]{1,12})</\1>", re.IGNORECASE)
_SUPERSCRIPT = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-−–=()n", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎ₙ")
_NESTED_AMPERSAND = re.compile(r"&(?:(?:amp|#0{0,4}38|#x0{0,4}26);)+(?=#?\w)", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_BREAK = "\ue01e"  # stand where a block ends, until the text is put together
_HEADING_END = "\ue01f"
_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb"
    f"\ufffe\uffff\ud800-\udfff{_BREAK}{_HEADING_END}]"
)
_MOJIBAKE_LEADS = tuple("ÂÃâÅÄÐÑÎÏØÙ")
_MOJIBAKE = re.compile(
    f"[{''.join(_MOJIBAKE_LEADS)}][\x80-\xbf\u2018-\u203a\u20ac\u2122\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc]"
)
_BLANK_LINE = re.compile(r"\n\s*\n\s*")
_AFTER_HEADING = re.compile(f"{_HEADING_END}[ {_BREAK}{_HEADING_END}]*")
_HEADING_STOPS = tuple(".:;?!。：")

_ABSTRACT_WORD = re.compile(
    r"(?:(?:Abstract|ABSTRACT|Summary|SUMMARY|Resumo|RESUMO|Resumen|RESUMEN|Résumé|RÉSUMÉ|Zusammenfassung|Riassunto|"
    r"Abstrak|ABSTRAK|Abstrakt|Özet|Аннотация|Анотація|АННОТАЦИЯ|Резюме|РЕЗЮМЕ)(?:\s*[:.—–-]+\s*|\s+(?=[A-ZÀ-ÞА-ЯІЇЄÇ“\"]))"
    r"|(?:【摘要】|［摘要］|\[摘要\]|摘\s*要\s*[:：]|要旨\s*[:：]|〔摘要〕)\s*)+"
)
_ABSTRACT_STARTS = frozenset("ASRZÖАР【［[摘要〔")
_EMPTY_ABSTRACTS = frozenset(
    (
        "abstract", "no abstract", "no abstract available", "abstract not available", "not available", "n/a", "na",
        "not applicable", "none", "-", "--", "null", "no description provided", "resumo", "sem resumo", "sin resumen",
        "seriesinformation",  # DataCite's label of a part, in Dublin Core
        *(f"approved for public release{sign} distribution {verb}unlimited" for sign in ",;" for verb in ("is ", "")),
    )
)  # fmt: skip
_LONGEST_EMPTY = max(map(len, _EMPTY_ABSTRACTS))
_FOOTNOTE_MARKS = "*†‡§¶☆✩⁎∗ "
_BEFORE_MARK = frozenset(').»”"')
#: One digit, or several in order: "people1", "cohorts1234".
_GLUED_DIGIT = re.compile(r"\b([a-z]{4,})(?:1(?:2(?:3(?:4(?:5(?:6)?)?)?)?)?|[2-9])$")
#: A full stop behind a word that is no abbreviation ("Willd.", "spp.", "et al." keep theirs), and what lists leave.
_LAST_STOP = re.compile(r"(?:(?<=[^\W\d_A-Z]{4})|(?<=[)\]»”])|(?<=[^\W\d_] ))\.$|(?<=[\u3400-\u9fff])[。．.]$")
_NAME_BEFORE_STOP = re.compile(r"\b[A-ZÀ-Þ][a-zà-ÿ]{2,5}\.$")


def clean_line(value: str | None) -> str:
    """Return a text as one clean line: a title, a name, a term."""
    if not value:
        return ""
    return _spaced(value) if _is_plain(value) else _settled(_line, value)


def _is_plain(text: str) -> bool:
    """Tell whether nothing in a text but its white space can need cleaning; most texts are so."""
    return (
        text.isprintable()
        and "<" not in text
        and "&" not in text
        and "$" not in text
        and "\\" not in text
        and "{" not in text
        and (text.isascii() or (unicodedata.is_normalized("NFC", text) and not _has_mojibake_lead(text)))
    )


def _has_mojibake_lead(text: str) -> bool:
    for lead in _MOJIBAKE_LEADS:  # noqa: SIM110 - a third quicker than any()
        if lead in text:
            return True
    return False


def _one_line(text: str) -> str:
    # the space is the only white space that is printable
    return _spaced(text) if text.isprintable() else " ".join(text.split())


def _spaced(text: str) -> str:
    return text.strip() if "  " not in text else " ".join(text.split())


def _settled(clean: Callable[[str], str], value: str) -> str:
    """Clean until nothing changes: what is put together may be markup or mojibake anew (``<I<p>&gt;``)."""
    text = clean(value)
    rounds = 0
    while _is_suspect(text) and (again := clean(text)) != text and rounds < _MAX_ROUNDS:
        text = again
        rounds += 1
    return text


def _is_suspect(text: str) -> bool:
    return (
        "<" in text
        or "&" in text
        or "$" in text
        or "\\" in text
        or "{" in text
        or (not text.isascii() and _has_mojibake_lead(text))
    )


def _line(value: str) -> str:
    if _is_plain(value):
        return _spaced(value)
    text = _plain(value)
    if _BREAK in text or _HEADING_END in text:
        text = text.replace(_BREAK, " ").replace(_HEADING_END, " ")
    return _one_line(text)


def clean_abstract(value: str | None) -> str:
    """Return an abstract as clean paragraphs, parted by an empty line; headings become ``Methods: …``.

    A leading "Abstract" is taken off, and a text that only says that there is none becomes empty.
    """
    text = _settled(_paragraphs, value) if value else ""
    bare = text.rstrip(". ")
    if len(bare) <= _LONGEST_EMPTY and (bare.lower() in _EMPTY_ABSTRACTS or not any(map(str.isalnum, bare))):
        return ""
    return text


def _paragraphs(value: str) -> str:
    text = _spaced(value) if _is_plain(value) else _joined(_plain(value))
    while text[:1] in _ABSTRACT_STARTS and (match := _ABSTRACT_WORD.match(text)):
        text = text[match.end() :].lstrip()
    return text


def _joined(text: str) -> str:
    """Join the blocks of an abstract."""
    if "\n" in text:
        text = _BLANK_LINE.sub(_BREAK, text)
    text = _BREAK.join(map(_one_line, text.split(_BREAK)))
    if _HEADING_END in text:
        text = _end_headings(text)
    if _BREAK in text:
        text = "\n\n".join(filter(None, (part.strip() for part in text.split(_BREAK))))
    return text.strip()


def _end_headings(text: str) -> str:
    """Write ``Methods: …`` where a heading stands before a text, unless it has punctuation of its own."""
    *headings, last = _AFTER_HEADING.split(text)
    bare = (one.removesuffix(" ") for one in headings)
    return "".join((*(f"{one} " if one.endswith(_HEADING_STOPS) else f"{one}: " for one in bare), last))


def clean_title(value: str | None) -> str:
    """Return a title: one line, no footnote marks at its end, and sentence case if it was all capitals."""
    return _settled(_title, value) if value else ""


def _title(value: str) -> str:
    text = _line(value)
    bare = text.rstrip(_FOOTNOTE_MARKS)
    if bare and (bare[-1].islower() or bare[-1] in _BEFORE_MARK):  # "A*" is a name
        text = bare
    return _without_stop(sentence_case(text))


def _without_stop(title: str) -> str:
    """Take off a full stop that ends a title, and what a list left behind it ("…; "), but no abbreviation's."""
    text = title.rstrip(" ;,")
    if text[-1:] in {".", "。", "．"} and not (
        text[-4:].endswith(("..", ". .")) or _NAME_BEFORE_STOP.search(text[-9:])
    ):
        return _without_stop(_LAST_STOP.sub("", text)) if _LAST_STOP.search(text[-6:]) else text
    return text or title


def strip_glued_digit(title: str, context: str) -> str:
    """Take off a footnote digit glued to a title's last word (PMC's oai_dc: "gay people1").

    Only after an all-lower-case word of four letters or more, and not where the word stands with its digit in
    ``context`` (the abstract) too: then it is a name such as "calmodulin2".
    """
    match = _GLUED_DIGIT.search(title)
    if match is None or match[0] in context:
        return title
    return title[: match.end(1)]


def _plain(value: str) -> str:
    """Strip, decode and repair until nothing changes; blocks leave ``_BREAK``, headings ``_HEADING_END``."""
    # repaired first: what looks like a control character may be half of a letter ("GarcÃ\\xada")
    text = value if value.isascii() else _repair_encoding(value)
    # isprintable() is a hundred times quicker than the pattern, and false for every character in it
    if not text.replace("\n", " ").replace("\r", " ").isprintable():
        text = _CONTROL.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    rounds = 0
    while ("<" in text or "&" in text or "$" in text or "\\" in text or "{" in text) and rounds < _MAX_ROUNDS:
        rounds += 1
        before = text
        text = _decode(_strip_markup(text))
        if "$" in text or "\\" in text or "{" in text:
            text = replace_latex(text)
        if text == before:
            break
        text = unicodedata.normalize("NFC", _repair_encoding(text))
    return text


def _repair_encoding(text: str) -> str:
    if not _has_mojibake_lead(text) or _MOJIBAKE.search(text) is None:
        return text
    return _CONTROL.sub("", ftfy.fix_encoding(text))


def _strip_markup(text: str) -> str:
    if "<" not in text and "]]>" not in text:
        return text
    has_s = "<s" in text or "<S" in text or "<ſ" in text  # which is an s too where case does not count
    if has_s or "<!" in text or "<?" in text:
        text = _drop_unseen(text)
    if "<![" in text or "]]>" in text:
        text = _CDATA.sub("", text)
    if has_s:
        text = _SCRIPTS.sub(_small_digits, text)
    return _TAG.sub(_instead_of_tag, text)


def _small_digits(match: re.Match[str]) -> str:
    return match[2].lower().translate(_SUPERSCRIPT if match[1].lower() == "sup" else _SUBSCRIPT)


def _drop_unseen(text: str) -> str:
    """Take out scripts, styles and comments; one pass, so that a hostile text costs no more than a long one."""
    parts: list[str] = []
    position = 0
    while start := _UNSEEN_START.search(text, position):
        end = _UNSEEN_END[(start[1] or start[0]).lower()].search(text, start.end())
        if end is None:
            break
        parts += (text[position : start.start()], " ")
        position = end.end()
    return "".join((*parts, text[position:]))


def _instead_of_tag(match: re.Match[str]) -> str:
    known = _BARE_TAGS.get(match[0])
    return _replacement(match[2].lower(), match[1], match[0]) if known is None else known


def _replacement(name: str, end: str, tag: str) -> str:
    if name in _BLOCKS:
        return _BREAK
    if name in _HEADINGS:
        return _HEADING_END if end else _BREAK
    return "" if name in _TAG_NAMES or _MATH_NAME.fullmatch(name) else tag


_BARE_TAGS = {f"<{end}{name}>": _replacement(name, end, "") for name in _TAG_NAMES for end in ("", "/")}


def _decode(text: str) -> str:
    if "&" not in text:
        return text
    return _REFERENCE.sub(_character, _NESTED_AMPERSAND.sub("&", text))


def _character(match: re.Match[str]) -> str:
    return _CONTROL.sub("", html.unescape(match[0]))
