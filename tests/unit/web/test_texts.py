"""The interface's texts in both languages, and the choice of the language."""

from __future__ import annotations

import re
import string
from importlib import resources
from pathlib import Path
from typing import get_args

import pytest

from indexer.identity.copies import Reason
from indexer.normalise.relations import _KINDS
from search_api.account_settings import Level
from search_api.people.consents import PURPOSES
from search_api.people.errors import KINDS
from search_api.people.roles import ROLES
from search_api.web.i18n import TEXTS, Words, choose_language
from search_api.web.texts import direction_of, language_of

_WEB = Path(str(resources.files("search_api.web")))
#: Groups whose keys are made of a coded value, such as ``type.article``.
_GROUPS = (
    *("facet.", "sort.", "type.", "has.", "license.", "relation.", "version.", "status.", "rank."),
    *("account_error.", "done.", "role.", "login.", "consent.", "look.", "me_level."),
    *("state.", "badge.", "notice.", "field.", "standing.", "judged.", "facet_by."),
)
_CATALOGUES = frozenset(("account_texts.py", "i18n.py", "provenance_texts.py", "facet_texts.py"))


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_there_in_both_languages_with_the_same_values(key: str) -> None:
    chinese, english = TEXTS[key]
    assert chinese.strip()
    assert english.strip()
    assert _fields(chinese) == _fields(english)
    if key not in {"other_language", "example_or"}:
        assert not re.search("[\u4e00-\u9fff]", english)


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    sources = [*_WEB.glob("**/*.html"), *_WEB.glob("*.py"), *(_WEB.parent / "routes").glob("*.py")]
    sources += (_WEB.parent / "cli").glob("*.py")
    everything = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.name not in _CATALOGUES)
    everything += '"works_one" "works_many" "language_detected"'
    used = set(re.findall(r"""["']([a-z_0-9]+(?:\.[a-z_-]+)?)["']""", everything))
    asked = set(re.findall(r"""\b(?:t|words)\(\s*["']([a-z_0-9.-]+)["']""", everything))
    assert asked <= TEXTS.keys()
    assert {key for key in TEXTS if not key.startswith(_GROUPS)} <= used


def test_every_reason_for_a_copys_place_has_a_word() -> None:
    assert {f"rank.{reason}" for reason in get_args(Reason)} <= TEXTS.keys()


def test_everything_about_accounts_that_has_a_code_has_a_word() -> None:
    codes = {f"account_error.{code}" for code in KINDS} | {f"role.{role}" for role in ROLES}
    codes |= {f"consent.{purpose}" for purpose in PURPOSES} | {f"me_level.{level}" for level in ("", *get_args(Level))}
    assert codes <= TEXTS.keys()
    assert {key for key in TEXTS if key.startswith("account_error.")} <= codes


def test_every_relation_that_records_state_has_a_word() -> None:
    assert {f"relation.{kind}" for kind in (*_KINDS.values(), "related_to")} <= TEXTS.keys()


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "chosen"),
    [
        (None, None, None, "zh"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "zh-Hant-TW", "zh"),
        (None, None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, None, "en;q=0.3,zh;q=0.8", "zh"),
        (None, None, "de-DE,de;q=0.9", "en"),
        (None, None, "zh;q=0,de", "en"),
        (None, None, "*", "zh"),
        (None, None, ";;;,q=x", "zh"),
        (None, "en", "zh-CN", "en"),
        ("zh", "en", "en", "zh"),
        ("fr", None, "en", "en"),
        (None, "tlh", "en", "en"),
    ],
)
def test_the_language_is_as_asked_or_remembered_or_accepted(
    asked: str | None, remembered: str | None, accepted: str | None, chosen: str
) -> None:
    assert choose_language(asked=asked, remembered=remembered, accepted=accepted) == chosen


@pytest.mark.parametrize(
    ("parts", "chinese", "english"),
    [
        ({"year": 2024, "month": None, "day": None}, "2024 年", "2024"),
        ({"year": 2024, "month": 3, "day": None}, "2024年3月", "March 2024"),
        ({"year": 2024, "month": 3, "day": 9}, "2024年3月9日", "9 March 2024"),
        ({"year": 2023, "month": 2, "day": 30}, "2023", "2023"),
    ],
)
def test_a_date_is_written_as_precisely_as_it_is_known(
    parts: dict[str, int | None], chinese: str, english: str
) -> None:
    assert Words("zh").partial_date(parts) == chinese
    assert Words("en").partial_date(parts) == english


@pytest.mark.parametrize(
    ("text", "stated", "language"),
    [
        ("钙钛矿太阳能电池", "zh", "zh"),
        ("钙钛矿太阳能电池", "en", "zh"),
        ("Solar cells", "zh", "en"),
        ("Células solares", "es", "es"),
        ("機械学習による分類", None, "ja"),
        ("Солнечные элементы", "ru", "ru"),
        ("Сонячні елементи", "uk", "uk"),
        ("أثر التعلم", None, "ar"),
        ("COVID-19 in 武汉: a retrospective cohort study", "en", "en"),
        ("", None, "en"),
    ],
)
def test_a_text_is_marked_with_a_language_that_its_script_allows(text: str, stated: str | None, language: str) -> None:
    assert language_of(text, stated) == language


def test_arabic_is_written_from_right_to_left() -> None:
    assert direction_of("ar") == "rtl"
    assert direction_of("zh") == "ltr"
