"""Which language a text is in: what is declared, what the script shows, what a classifier hears.

Declarations are weighed by what they speak of. DOAJ declares the *journal's* languages and PMC's Dublin Core
says ``en`` for everything, so those are only a prior for the classifier; JATS declares the article's own
language and is believed unless a long text contradicts it strongly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import langcodes
from babel import Locale

from harvesters.formats.description import LanguageScope
from indexer.models import LanguageTag

_SAMPLE = 200
_LONG = 160
_SURE = 0.95
_LEAST = 0.2
_PRIOR_SHORT = 12.0
_PRIOR_LONG = 2.0
_CJK_WEIGHT = 3  # a Chinese character is worth about as much text as three letters

_LATIN = (
    "en", "es", "pt", "fr", "de", "it", "id", "ms", "tr", "pl", "nl", "cs", "ro", "hr", "sv", "da", "nb", "fi", "hu",
    "sk", "sl", "lt", "lv", "et", "ca", "vi", "gl", "eu", "la", "sq", "af",
)  # fmt: skip
_CYRILLIC = ("ru", "uk", "bg", "sr", "mk", "be", "kk")
_COMMON = {"en": 4.0, "es": 2.0, "pt": 2.0, "fr": 2.0, "de": 1.5, "id": 1.5, "ru": 2.0, "it": 1.5, "pl": 1.2, "tr": 1.2}
_RARE = {"la": 0.3, "gl": 0.3, "af": 0.3, "sq": 0.5, "eu": 0.5, "ca": 0.5, "nn": 0.3, "bs": 0.5, "tl": 0.5}
_BASE = {**_COMMON, **_RARE}  # how often journals are in them: DOAJ's own shares, flattened
_SAME_TAG = {"no": "nb", "nn": "nb", "in": "id", "iw": "he", "sh": "hr", "bs": "hr", "mo": "ro", "tl": "fil"}
_COUNTRIES = {
    "cn": "zh",
    "jp": "ja",
    "cz": "cs",
    "dk": "da",
    "ua": "uk",
    "gr": "el",
    "sp": "es",
    "us": "en",
    "gb": "en",
}
_CODE = re.compile("[a-z]{2,3}")
_PARTED = re.compile("[;,/|]")
_LONGEST, _MOST_DECLARED = 200, 20
_UNDETERMINED = frozenset(("und", "mul", "zxx", "mis", ""))

_NOT_LATIN = re.compile("[\u0370-\u1dff\u2e80-\ufdff\ufe70-\ufefc\U00020000-\U0002ebef]")
_KANA = re.compile("[\u3041-\u30ff\u31f0-\u31ff]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ebef]")
_HANGUL = re.compile("[\uac00-\ud7af\u1100-\u11ff\u3130-\u318f]")
_CYRILLIC_LETTER = re.compile("[\u0400-\u052f]")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_OTHER_SCRIPTS = (
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), "el"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0900-\u097f]"), "hi"),
    (re.compile("[\u0980-\u09ff]"), "bn"),
    (re.compile("[\u0b80-\u0bff]"), "ta"),
    (re.compile("[\u0c00-\u0c7f]"), "te"),
    (re.compile("[\u10a0-\u10ff]"), "ka"),
    (re.compile("[\u0530-\u058f]"), "hy"),
    (re.compile("[\u1200-\u137f]"), "am"),
    (re.compile("[\u1780-\u17ff]"), "km"),
    (re.compile("[\u1000-\u109f]"), "my"),
)
_PERSIAN = re.compile("[پچژگیک]")
_URDU = re.compile("[ٹڈڑںےہھ]")
_CYRILLIC_MARKS = (
    (re.compile("[әғқңөұүһӘҒҚҢӨҰҮҺ]"), ("kk",)),
    (re.compile("[їєґЇЄҐ]"), ("uk",)),
    (re.compile("[ўЎ]"), ("be",)),
    (re.compile("[ѓќѕЃЌЅ]"), ("mk",)),
    (re.compile("[ђћЂЋ]"), ("sr",)),
    (re.compile("[љњџЉЊЏјЈ]"), ("sr", "mk")),
    (re.compile("[іІ]"), ("uk", "be", "kk")),
    (re.compile("[ыэёЫЭЁ]"), ("ru", "be")),
)
_NOT_WORDS = re.compile(r"https?://\S+|\S+@\S+|10\.\d{4,9}/\S+|\d+")
_DIGITS = re.compile(r"\d+")
_SOME_LETTERS = re.compile(r"(?:[\W\d_]*[^\W\d_]){4}")  # fewer say nothing
_NON_LETTERS = re.compile(r"[\W\d_]+")


def tag(text: str, declared: Sequence[str] = (), scope: LanguageScope = "unknown") -> LanguageTag | None:
    """Return a text's language and how it is known, or ``None``.

    ``declared`` are codes or names as records write them. With ``scope`` "article" the first of them is kept,
    unless the text is long and surely in a language that is not declared at all. With another scope they are
    a hint that weighs more the shorter the text is.
    """
    codes = known_codes(tuple(declared))
    if scope == "article" and codes:
        if len(text) >= _LONG:
            found = detect(text)
            if found is not None and found[1] >= _SURE and found[0] not in codes:
                return LanguageTag(code=found[0], origin="detected", confidence=round(found[1], 3))
        return LanguageTag(code=codes[0], origin="declared")
    found = detect(text, codes)
    if found is not None:
        return LanguageTag(code=found[0], origin="detected", confidence=round(found[1], 3))
    if len(codes) == 1 and scope == "container":
        return LanguageTag(code=codes[0], origin="declared", confidence=0.5)
    return None


@lru_cache(maxsize=4096)
def known_codes(declared: tuple[str, ...]) -> tuple[str, ...]:
    """Return ISO 639-1 codes (639-3 where there is none) for codes and English names of languages."""
    found = (_code(one.strip()) for several in declared[:_MOST_DECLARED] for one in _PARTED.split(several[:_LONGEST]))
    return tuple(dict.fromkeys(code for code in found if code))


def _code(declared: str) -> str | None:
    if not declared or len(declared) > 40:  # noqa: PLR2004 - no language's name is longer
        return None
    lowered = declared.lower()
    code = _COUNTRIES.get(lowered) if len(lowered) <= 3 else _names().get(lowered)  # noqa: PLR2004 - a code
    if code is None:
        try:
            language = langcodes.Language.get(declared)
        except (LookupError, ValueError):
            return None
        code = language.language if language.language and language.is_valid() else None
    if code is None or code in _UNDETERMINED or not _CODE.fullmatch(code):  # Word writes "x-none"
        return None
    return _SAME_TAG.get(code, code)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return the languages' names in English and in themselves, for records that say "Portuguese" or "Español"."""
    english = Locale("en").languages
    names = {str(name).lower(): str(code) for code, name in english.items() if "_" not in str(code)}
    for code in ("zh", "ja", "ko", "ar", "fa", *_LATIN, *_CYRILLIC):
        own = Locale.parse(code).languages.get(code) if code != "la" else None
        if own:
            names.setdefault(str(own).lower(), code)
    return names


def detect(text: str, hints: tuple[str, ...] = ()) -> tuple[str, float] | None:
    """Return the language that a text itself shows, with a confidence, or ``None``.

    The script decides where it can; Latin and Cyrillic texts go to the classifier, restricted to the
    languages that write so. Only the first 200 characters are looked at.
    """
    return _detect(text[:_SAMPLE], hints)


@lru_cache(maxsize=16384)
def _detect(sample: str, hints: tuple[str, ...]) -> tuple[str, float] | None:
    if sample.isascii() or not _NOT_LATIN.search(sample):
        return _classify(sample, _LATIN, hints)
    letters = len(_NON_LETTERS.sub("", sample))
    han = len(_HAN.findall(sample))
    kana = len(_KANA.findall(sample))
    hangul = len(_HANGUL.findall(sample))
    asian = han + kana + hangul
    if asian and asian * _CJK_WEIGHT >= letters - asian:
        if hangul * 2 > asian:
            return "ko", 0.99
        return ("ja", 0.99) if kana * 10 > han + kana else ("zh", 0.98 if han > 2 else 0.9)  # noqa: PLR2004
    return _by_script(sample, letters, hints)


def _by_script(sample: str, letters: int, hints: tuple[str, ...]) -> tuple[str, float] | None:
    half = letters / 2
    if len(_CYRILLIC_LETTER.findall(sample)) > half:
        return _cyrillic(sample, hints)
    if len(_ARABIC.findall(sample)) > half:
        if _URDU.search(sample):
            return "ur", 0.9
        return ("fa", 0.95) if _PERSIAN.search(sample) else ("ar", 0.95)
    for letter, code in _OTHER_SCRIPTS:
        if len(letter.findall(sample)) > half:
            return code, 0.95
    return _classify(sample, _LATIN, hints)


def _cyrillic(sample: str, hints: tuple[str, ...]) -> tuple[str, float] | None:
    for marks, languages in _CYRILLIC_MARKS:
        if marks.search(sample):
            return (languages[0], 0.97) if len(languages) == 1 else _classify(sample, languages, hints)
    return _classify(sample, ("ru", "bg", "sr", "mk", "uk"), hints)


def _classify(sample: str, among: tuple[str, ...], hints: tuple[str, ...]) -> tuple[str, float] | None:
    words = _words(sample)
    if _SOME_LETTERS.match(words) is None:
        return None
    is_long = len(words) >= _LONG and len(_NON_LETTERS.sub("", words)) >= _LONG
    weights = _weights(among, hints, _PRIOR_LONG if is_long else _PRIOR_SHORT)
    total, best, found = 0.0, 0.0, ""
    for code, chance in _identifier().rank(words if not words.isupper() else words.lower()):
        weight = weights.get(code)
        if weight is None:
            continue
        weighed = chance * weight
        total += weighed
        if weighed > best or (weighed == best and code > found):
            best, found = weighed, code
    if not total:
        return None
    return (_SAME_TAG.get(found, found), best / total) if best / total >= _LEAST else None


def _words(sample: str) -> str:
    """Take out addresses, DOIs and numbers."""
    rare = "@" in sample or "://" in sample or "10." in sample
    return (_NOT_WORDS if rare else _DIGITS).sub(" ", sample)


@lru_cache(maxsize=1024)
def _weights(among: tuple[str, ...], hints: tuple[str, ...], prior: float) -> dict[str, float]:
    """Return what each of the classifier's labels weighs; a label that is not in question has no weight."""
    same = {code: _SAME_TAG.get(code, code) for code in _identifier().labels}
    return {
        code: _BASE.get(code, 1.0) * (prior if tag_ in hints else 1.0) for code, tag_ in same.items() if tag_ in among
    }


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Load the classifier when it is first needed (it takes 0.2 s and 30 MB)."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    wanted = {*_LATIN, *_CYRILLIC, "no", "nn", "bs", "tl"}
    identifier.set_languages(sorted(wanted & set(identifier.labels)))
    # A text's features are rows of this table; as it comes, by columns and of half floats, each row is gathered from
    # forty places and converted. 8 MB more memory, a fifth less time, the same scores.
    identifier.nb_ptc = identifier.nb_ptc.astype("float32", order="C")
    return identifier
