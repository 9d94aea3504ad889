"""Clean texts: markup, entities, LaTeX, mojibake, control characters, white space, shouting.

Every function is total (it never raises), and giving it its own result changes nothing. Texts without any of
``< & $ \\`` take a short path. Markup is found by the names of HTML, JATS and MathML elements, not by
angle brackets alone, because abstracts are full of ``p<0.05`` and ``a<b``; what is returned is plain text
and must be escaped where it is shown.
"""

from __future__ import annotations

import html
import re
import unicodedata

import ftfy

from indexer.normalise.latex import replace_latex

_MAX_ROUNDS = 12
_TAG_NAMES = (
    "a|abbr|abstract|alternatives|article-title|b|big|bdi|blockquote|body|bold|br|center|cite|code|dd|del|dfn|disp-formula|"
    "disp-quote|div|dl|dt|em|ext-link|figure|figcaption|font|h[1-6]|head|hr|html|i|img|inf|inline-formula|inline-graphic|"
    "ins|italic|kbd|label|li|link|list|list-item|m[a-z]+|mark|meta|monospace|named-content|o:p|ol|p|pre|q|roman|s|samp|sc|"
    "script|sec|section|small|span|strike|strong|style|styled-content|sub|subtitle|sup|table|tbody|td|tex-math|th|thead|"
    "title|tr|tt|u|ul|underline|uri|var|xref"
)
_ATTRIBUTES = r"""(?:\s+[\w:.-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))?)*"""
_TAG = re.compile(rf"<(/?)\s*(?:jats:|mml:)?({_TAG_NAMES})({_ATTRIBUTES})\s*/?>", re.IGNORECASE)
_UNSEEN = re.compile(
    r"<(script|style|xml)\b[^<>]*>.*?</\1\s*>|<!--.*?-->|<!\[CDATA\[|\]\]>|<\?xml[^<>]*\?>", re.DOTALL | re.I
)
_BLOCKS = frozenset(
    (
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "sec",
        "section",
        "list",
        "list-item",
        "tr",
        "table",
        "blockquote",
        "hr",
        "dd",
        "dt",
        "dl",
    )
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "title"))
_SCRIPTS = re.compile(r"<(su[bp])>([0-9+\-−–()=n]{1,12})</\1>", re.IGNORECASE)
_SUPERSCRIPT = str.maketrans("0123456789+-−–=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-−–=()n", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎ₙ")
_NESTED_AMPERSAND = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+(?=#?\w)", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_MOJIBAKE = re.compile(
    "[ÂÃâÅÄÐÑÎÏØÙ][\x80-\xbf\u2018-\u203a\u20ac\u2122\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc]"
)
_SPACES = re.compile(r"\s+")
_LINE_BREAKS = re.compile(r"[^\S\n]*\n[^\S\n]*(?:\n\s*)")
_BREAK = "\x1e"
_HEADING_END = "\x1f"
_AFTER_HEADING = re.compile(rf"([.:;?!。：])?\s*{_HEADING_END}[\s{_BREAK}{_HEADING_END}]*")
_BREAKS = re.compile(rf"\s*{_BREAK}[\s{_BREAK}]*")

_ABSTRACT_WORD = re.compile(
    r"(?:(?:Abstract|ABSTRACT|Summary|SUMMARY|Resumo|RESUMO|Resumen|RESUMEN|Résumé|RÉSUMÉ|Zusammenfassung|Riassunto|Abstrak|"
    r"ABSTRAK|Abstrakt|Özet|Аннотация|Анотація|АННОТАЦИЯ|Резюме|РЕЗЮМЕ)(?:\s*[:.—–-]+\s*|\s+(?=[A-ZÀ-ÞА-ЯІЇЄÇ“\"]))"
    r"|(?:【摘要】|［摘要］|\[摘要\]|摘\s*要\s*[:：]|要旨\s*[:：]|〔摘要〕)\s*)+"
)
_EMPTY_ABSTRACTS = frozenset(
    (
        "abstract",
        "no abstract",
        "no abstract available",
        "not available",
        "n/a",
        "na",
        "none",
        "-",
        "--",
        "null",
        "no description provided",
        "resumo",
        "sem resumo",
        "sin resumen",
    )
)
_FOOTNOTE_MARKS = re.compile(r"(?<=[a-zа-я.)»”\"])\s*[*†‡§¶☆✩⁎∗]+$")
_GLUED_DIGIT = re.compile(r"\b([a-z]{4,})[1-9]$")


def clean_line(value: str | None) -> str:
    """Return a text as one clean line: a title, a name, a term."""
    if not value:
        return ""
    text = _plain(value).replace(_BREAK, " ")
    if _HEADING_END in text:
        text = _AFTER_HEADING.sub(lambda m: (m[1] or ":") + " ", text)
    return (
        _SPACES.sub(" ", text).strip().removesuffix(":") if _is_bare_heading(value) else _SPACES.sub(" ", text).strip()
    )


def _is_bare_heading(value: str) -> bool:
    return value.rstrip().lower().endswith((">",))


def clean_abstract(value: str | None) -> str:
    """Return an abstract as clean paragraphs, parted by an empty line; headings become ``Methods: …``.

    A leading "Abstract" is taken off, and a text that only says that there is none becomes empty.
    """
    if not value:
        return ""
    text = _plain(value)
    if "\n" in text:
        text = _LINE_BREAKS.sub(_BREAK, text)
    if _HEADING_END in text:
        text = _AFTER_HEADING.sub(lambda match: (match[1] or ":") + " ", text)
    text = _SPACES.sub(" ", text) if _BREAK not in text else _paragraphs(text)
    text = text.strip()
    while match := _ABSTRACT_WORD.match(text):
        text = text[match.end() :].lstrip()
    return "" if text.rstrip(". ").lower() in _EMPTY_ABSTRACTS else text


def _paragraphs(text: str) -> str:
    return "\n\n".join(filter(None, (_SPACES.sub(" ", part).strip() for part in text.split(_BREAK))))


def _plain(value: str) -> str:
    """Strip, decode and repair until nothing changes; breaks are left as ``_BREAK`` and ``_HEADING_END``."""
    text = _CONTROL.sub("", value)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _repair_encoding(text))
    rounds = 0
    while ("<" in text or "&" in text or "$" in text or "\\" in text) and rounds < _MAX_ROUNDS:
        rounds += 1
        before = text
        text = _decode(_strip_markup(text))
        if "$" in text or "\\" in text:
            text = replace_latex(text)
        if text == before:
            break
        text = unicodedata.normalize("NFC", _repair_encoding(text))
    return text


def _repair_encoding(text: str) -> str:
    return _CONTROL.sub("", ftfy.fix_encoding(text)) if _MOJIBAKE.search(text) else text


def _strip_markup(text: str) -> str:
    if "<" not in text and "]]>" not in text:
        return text
    text = _UNSEEN.sub(" ", text)
    text = _SCRIPTS.sub(lambda m: m[2].translate(_SUPERSCRIPT if m[1].lower() == "sup" else _SUBSCRIPT), text)
    return _TAG.sub(_instead_of_tag, text)


def _instead_of_tag(match: re.Match[str]) -> str:
    name = match[2].lower()
    if name in _BLOCKS:
        return _BREAK
    if name in _HEADINGS:
        return _HEADING_END if match[1] else _BREAK
    return ""


def _decode(text: str) -> str:
    if "&" not in text:
        return text
    text = _NESTED_AMPERSAND.sub("&", text)
    return _REFERENCE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    decoded = html.unescape(match[0])
    return _CONTROL.sub("", decoded)


def clean_title(value: str | None) -> str:
    """Return a title: one line, no footnote marks at its end, and sentence case if it was all capitals."""
    text = clean_line(value)
    if text:
        text = _FOOTNOTE_MARKS.sub("", text).rstrip()
    return sentence_case(text)


def strip_glued_digit(title: str, context: str) -> str:
    """Take off a footnote digit glued to a title's last word (PMC's oai_dc: "gay people1").

    Only after an all-lower-case word of four letters or more, and not where the word stands with its digit in
    ``context`` (the abstract) too: then it is a name such as "calmodulin2".
    """
    match = _GLUED_DIGIT.search(title)
    if match is None or match[0] in context:
        return title
    return title[:-1]


# --- capitals --------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.?!]\s+|^[^\w]+)([^\W\d_])")
_ACRONYMS = frozenset(
    (
        "DNA RNA MRNA HIV AIDS SARS COVID MERS USA UK EU UN UNESCO WHO NATO ASEAN BRICS PCR MRI CT PET ECG EEG ICU GIS GPS "
        "UAV IOT AI ICT IT SME SMES NGO NGOS GDP FDI OECD WTO IMF ISO CEO CSR ESG API SQL XML CAD CAE FEM CFD LED LCD "
        "UV IR NMR XRD SEM TEM AFM FTIR HPLC GC MS ELISA ADHD PTSD COPD TB HPV HBV HCV BMI BRCA LMS MOOC MOOCS STEM EFL "
        "ESL TOEFL IELTS ANOVA SVM ANN CNN GAN LSTM NLP OCR RFID CMOS MEMS FPGA DSP VLSI США СССР РФ ЕС ООН ВОЗ ДНК РНК "
        "ВИЧ СНГ АЭС ЭКГ МРТ"
    ).split()
)
_ROMAN = re.compile(r"(?=[MDCLXVI]{2,})M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_WORDS = frozenset(("DI", "MI", "LI", "VI", "MIX", "DIM", "MIL", "CIVIL", "DIX", "MD", "CD"))
_VOWELS = frozenset("AEIOUYÀÁÂÃÄÅÆÈÉÊËÌÍÎÏÒÓÔÕÖØŒÙÚÛÜÝАЕЁИОУЫЭЮЯІЇЄЎ")
_MIN_CASED = 10
_MAX_ACRONYM = 5


def sentence_case(title: str) -> str:
    """Write an all-capitals title of several words in sentence case; anything else stays as it is.

    Well-known acronyms, words with digits, words without a vowel (``HPLC``), Roman numerals and short words in
    round brackets stay. A single word stays too: it may be a name. Proper names are lost; that is the price.
    """
    if not _is_shouted(title):
        return title
    turkish = "İ" in title or "Ğ" in title
    lowered = _WORD.sub(lambda match: _calm(match, turkish=turkish), title)
    result = _SENTENCE_START.sub(lambda match: match[0][:-1] + match[0][-1].upper(), lowered, count=0)
    return unicodedata.normalize("NFC", result)


def _is_shouted(title: str) -> bool:
    if not title or title.islower():
        return False
    upper = sum(1 for letter in title if letter.isupper())
    if upper < _MIN_CASED:
        return False
    letters = sum(1 for letter in title if letter.isalpha())
    return upper >= letters * 0.9 and " " in title.strip()


def _calm(match: re.Match[str], *, turkish: bool) -> str:
    word = match[0]
    if not word.isupper() or word in _ACRONYMS or not word.isalpha() and any(one.isdigit() for one in word):
        return word
    text, start, end = match.string, match.start(), match.end()
    if len(word) > 1 and len(word) <= _MAX_ACRONYM:
        bracketed = text[max(0, start - 1) : start] == "(" and text[end : end + 1] == ")"
        if bracketed or not any(letter in _VOWELS for letter in word):
            return word
    if _ROMAN.fullmatch(word) and word not in _ROMAN_WORDS:
        return word
    if turkish:
        word = word.replace("I", "ı").replace("İ", "i")
    return word.lower()
