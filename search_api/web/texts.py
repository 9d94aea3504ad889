"""Which language a piece of text is marked as, so that it is spoken and set rightly."""

from __future__ import annotations

import re

_SCRIPTS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile("[\u3041-\u30ff]"), frozenset(("ja",))),
    (re.compile("[\uac00-\ud7af]"), frozenset(("ko",))),
    (re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"), frozenset(("zh", "ja", "ko"))),
    (re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"), frozenset(("ar", "fa", "ur", "ckb", "ps"))),
    (re.compile("[\u0590-\u05ff]"), frozenset(("he", "yi"))),
    (re.compile("[\u0400-\u052f]"), frozenset(("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg"))),
)
_USUAL = ("ja", "ko", "zh", "ar", "he", "ru")
_OTHER_SCRIPTS = frozenset().union(*(codes for _, codes in _SCRIPTS))
_RIGHT_TO_LEFT = frozenset(("ar", "fa", "ur", "ckb", "ps", "he", "yi"))
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def language_of(text: str, stated: str | None) -> str:
    """Return the language code for a text: the stated one where the script allows it, else the script's usual one.

    A work's language need not be its title's: an article in Chinese may only have an English title.
    """
    latin = len(_LATIN.findall(text))
    for (letters, codes), usual in zip(_SCRIPTS, _USUAL, strict=True):
        found = len(letters.findall(text))
        if found and found * 3 >= latin:
            return stated if stated in codes else usual
    return "en" if stated is None or stated in _OTHER_SCRIPTS else stated


def direction_of(language: str) -> str:
    """Return ``rtl`` or ``ltr``."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"
