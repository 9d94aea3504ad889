"""What the script of a text says of its language: for many languages it decides, for the others it names the panel."""

from __future__ import annotations

import re
from typing import Literal

from indexer.normalise.languages.classifier import Candidate, Script

#: A Chinese character is worth about as much text as three letters.
_CJK_WEIGHT = 3
_FEW_HAN = 2
_CERTAIN, _LIKELY = 0.98, 0.9

_NOT_LATIN = re.compile("[\u0370-\u1dff\u2e80-\ufdff\ufe70-\ufefc\U00010000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HANGUL = re.compile("[\uac00-\ud7af\u1100-\u11ff\u3130-\u318f]")
_SOME_HAN = re.compile("(?:[^\u4e00-\u9fff]*[\u4e00-\u9fff]){4}")
#: Characters that only Japanese writes so, where Chinese has another form in both its scripts; and a few made in Japan.
_JAPANESE_HAN = re.compile(
    "[々働込畑峠枠対応気図検価労験従済県続歩処払両読変縄黒発経営関権実戦転帰観総様団囲圧壊塩増巣広庁廃拡択拠挙暁桜楽"
    "沢満瀬焼犠獣竜粋絵継縦繊聴脳臓薬蔵覚訳豊賛軽辺遅郷酔醸鉄鉱銭闘陥隠雑霊頼顕駅駆騒髄鶏黙齢歯暦渓渉渇滝畳砕穏窓剤"
    "剣勧勲単厳収悪悩恵懐抜拝掲揺摂斎桟毎仮伝児効渋]"
)
#: Characters of simplified Chinese that Japanese does not write.
_SIMPLIFIED = re.compile(
    "[们这为对应发动与时说过还进从经关实业东车长门问间题产种类该则统计设计论试验现规认识让边图书馆药疗护质检测银]"
)
_LETTERS_OF: tuple[tuple[re.Pattern[str], Script], ...] = (
    (re.compile("[\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f]"), "cyrillic"),
    (re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"), "arabic"),
    (re.compile("[\u0900-\u097f]"), "devanagari"),
)
_ONE_LANGUAGE = tuple(
    (re.compile(f"[{letters}]"), code)
    for letters, code in (
        ("\u0370-\u03ff\u1f00-\u1fff", "el"), ("\u0590-\u05ff", "he"), ("\u0e00-\u0e7f", "th"), ("\u0e80-\u0eff", "lo"),
        ("\u0980-\u09ff", "bn"), ("\u0a00-\u0a7f", "pa"), ("\u0a80-\u0aff", "gu"), ("\u0b00-\u0b7f", "or"),
        ("\u0b80-\u0bff", "ta"), ("\u0c00-\u0c7f", "te"), ("\u0c80-\u0cff", "kn"), ("\u0d00-\u0d7f", "ml"),
        ("\u0d80-\u0dff", "si"), ("\u0f00-\u0fff", "bo"), ("\u1000-\u109f", "my"), ("\u10a0-\u10ff\u2d00-\u2d2f", "ka"),
        ("\u0530-\u058f", "hy"), ("\u1200-\u139f", "am"), ("\u1780-\u17ff", "km"), ("\u1800-\u18af", "mn"),
    )
)  # fmt: skip
_ASSAMESE = re.compile("[ৰৱ]")
_NON_LETTERS = re.compile(r"[\W\d_]+")
#: Languages that a script shows without a classifier.
ONLY_BY_SCRIPT = frozenset({"zh", "ja", "ko", "as", *(code for _, code in _ONE_LANGUAGE)})


def read_script(sample: str, hints: tuple[str, ...]) -> Candidate | Script | Literal["other"]:
    """Return the language that the script alone shows, with a confidence, or the panel that has to decide.

    The main part counts: what most letters are. "other" is a script of which nothing is known here.
    """
    if sample.isascii() or not _NOT_LATIN.search(sample):
        return "latin"
    letters = len(_NON_LETTERS.sub("", sample))
    han, kana, hangul = (len(one.findall(sample)) for one in (_HAN, _KANA, _HANGUL))
    asian = han + kana + hangul
    if asian and asian * _CJK_WEIGHT >= letters - asian:
        return _east_asian(sample, han=han, kana=kana, hangul=hangul, hints=hints)
    half = letters / 2
    for letter, script in _LETTERS_OF:
        if len(letter.findall(sample)) > half:
            return script
    for letter, code in _ONE_LANGUAGE:
        if len(letter.findall(sample)) > half:
            return ("as" if code == "bn" and _ASSAMESE.search(sample) else code), _CERTAIN
    return "latin" if len(_NOT_LATIN.findall(sample)) <= half else "other"


def has_chinese(sample: str) -> bool:
    """Tell whether there are four Chinese characters: more than a name in another language's text."""
    return _SOME_HAN.match(sample) is not None


def _east_asian(sample: str, *, han: int, kana: int, hangul: int, hints: tuple[str, ...]) -> Candidate:
    """Tell Korean by its own letters, Japanese by a tenth of kana or its own characters, and else Chinese."""
    if hangul * 2 > han + kana + hangul:
        return "ko", _CERTAIN
    if kana * 10 > han + kana:
        return "ja", _CERTAIN
    simplified = _SIMPLIFIED.search(sample) is not None
    if _JAPANESE_HAN.search(sample) is not None and not simplified:
        return "ja", _LIKELY
    if "ja" in hints and "zh" not in hints and not simplified:  # a title may have no kana at all
        return "ja", _LIKELY
    return "zh", _CERTAIN if han > _FEW_HAN else _LIKELY
