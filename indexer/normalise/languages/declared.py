"""The languages that records declare, in all their ways of writing them, as ISO 639-1 (639-3 where there is none)."""

from __future__ import annotations

import re
from functools import lru_cache

import langcodes
from babel import Locale

_SAME_TAG = {"no": "nb", "nn": "nb", "in": "id", "iw": "he", "sh": "hr", "bs": "hr", "mo": "ro", "tl": "fil"}
_COUNTRIES = {
    "cn": "zh", "jp": "ja", "cz": "cs", "dk": "da", "ua": "uk", "gr": "el", "sp": "es", "us": "en", "gb": "en",
}  # fmt: skip
_CODE = re.compile("[a-z]{2,3}")
_PARTED = re.compile("[;,/|]")
_LONGEST, _MOST_DECLARED = 200, 20
_LONGEST_NAME, _LONGEST_CODE = 40, 3
_UNDETERMINED = frozenset(("und", "mul", "zxx", "mis", ""))
#: Languages that records name in themselves.
_NAMED = (
    "zh", "ja", "ko", "ar", "fa", "en", "es", "pt", "fr", "de", "it", "id", "ms", "tr", "pl", "nl", "cs", "ro", "hr",
    "sv",
    "da", "nb", "fi", "hu", "sk", "sl", "lt", "lv", "et", "ca", "vi", "gl", "eu", "sq", "af", "is", "az", "ru", "uk",
    "bg",
    "sr", "mk", "be", "kk", "ky", "mn", "el", "he", "th", "hi", "ur",
)  # fmt: skip


@lru_cache(maxsize=4096)
def known_codes(declared: tuple[str, ...]) -> tuple[str, ...]:
    """Return ISO 639-1 codes (639-3 where there is none) for codes and English names of languages."""
    found = (_code(one.strip()) for several in declared[:_MOST_DECLARED] for one in _PARTED.split(several[:_LONGEST]))
    return tuple(dict.fromkeys(code for code in found if code))


def _code(declared: str) -> str | None:
    if not declared or len(declared) > _LONGEST_NAME:
        return None
    lowered = declared.lower()
    code = _COUNTRIES.get(lowered) if len(lowered) <= _LONGEST_CODE else _names().get(lowered)
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
    for code in _NAMED:
        own = Locale.parse(code).languages.get(code)
        if own:
            names.setdefault(str(own).lower(), code)
    return names
