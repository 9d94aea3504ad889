"""Write titles that shout in sentence case."""

from __future__ import annotations

import re
import unicodedata

_CALM = re.compile("[a-zß-öø-ÿа-яё]{4}")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.?!]\s+|^[^\w]+)([^\W\d_])")
_ACRONYMS = frozenset(
    """
    DNA RNA MRNA HIV AIDS SARS COVID MERS USA UK EU UN UNESCO WHO NATO ASEAN BRICS PCR MRI CT ECG EEG ICU GIS GPS UAV
    IOT AI ICT SME
    SMES NGO NGOS GDP FDI OECD WTO IMF ISO CEO CSR ESG API SQL XML CAE FEM CFD LCD UV IR NMR XRD SEM TEM AFM
    FTIR HPLC GC ELISA ADHD PTSD COPD TB HPV HBV HCV BMI BRCA LMS MOOC MOOCS EFL ESL TOEFL IELTS ANOVA SVM ANN CNN GAN
    LSTM NLP OCR RFID CMOS MEMS FPGA DSP VLSI США СССР РФ ЕС ООН ВОЗ ДНК РНК ВИЧ СНГ АЭС ЭКГ МРТ
    """.split()  # noqa: SIM905 - a list of quoted words would be three times as long
)
_ROMAN = re.compile(r"(?=[MDCLXVI]{2,})M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_WORDS = frozenset(("DI", "MI", "LI", "VI", "MIX", "DIM", "MIL", "CIVIL", "DIX", "MD", "CD"))
_VOWELS = frozenset("AEIOUYÀÁÂÃÄÅÆÈÉÊËÌÍÎÏÒÓÔÕÖØŒÙÚÛÜÝАЕЁИОУЫЭЮЯІЇЄЎ")
_DECADE = re.compile(r"\d{2,4}S")
_MIN_CASED = 10
_MAX_ACRONYM = 5
_SHOUTED_SHARE = 0.9


def sentence_case(title: str) -> str:
    """Write an all-capitals title of several words in sentence case; anything else stays as it is.

    Well-known acronyms, words with digits, words without a vowel (``HPLC``), Roman numerals and short words in
    round brackets stay. A single word stays too: it may be a name. Proper names are lost; that is the price.
    """
    if not _is_shouted(title):
        return title
    turkish = "İ" in title or "Ğ" in title
    lowered = _WORD.sub(lambda match: _calm(match, turkish=turkish), title)
    result = _SENTENCE_START.sub(lambda match: match[0][:-1] + match[0][-1].upper(), lowered)
    return unicodedata.normalize("NFC", result)


def _is_shouted(title: str) -> bool:
    if not title or _CALM.search(title):
        return False
    upper = sum(1 for letter in title if letter.isupper())
    if upper < _MIN_CASED:
        return False
    letters = sum(1 for letter in title if letter.isalpha())
    return upper >= letters * _SHOUTED_SHARE and " " in title.strip()


def _calm(match: re.Match[str], *, turkish: bool) -> str:
    word = match[0]
    if _DECADE.fullmatch(word):
        return word.lower()
    if not word.isupper() or word in _ACRONYMS or (not word.isalpha() and any(map(str.isdigit, word))):
        return word
    text, start, end = match.string, match.start(), match.end()
    if 1 < len(word) <= _MAX_ACRONYM:
        bracketed = text[max(0, start - 1) : start] == "(" and text[end : end + 1] == ")"
        if bracketed or not any(letter in _VOWELS for letter in word):
            return word
    if _ROMAN.fullmatch(word) and word not in _ROMAN_WORDS:
        return word
    if turkish:
        word = word.replace("I", "ı").replace("İ", "i")
    return word.lower()
