"""Queries told back, as trees and in words of both languages."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import QueryError
from indexer.search.fields import ALIASES, FIELDS, POSSESSIONS, STATUSES, VERSIONS
from indexer.search.parser import MAX_CLAUSES, MAX_DEPTH, Doubt, parse, read_query
from indexer.search.wording import LANGUAGES, doubt_shown, in_words, tree_of


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("", "everything", "全部作品"),
        ("solar", "the word “solar”", "词“solar”"),
        ("solar cells", "the words “solar” “cells”", "这些词：“solar” “cells”"),
        ("title:cells", "the word “cells” in the title", "题名中有词“cells”"),
        ('author:"Smith J"', "the phrase “Smith J” among the authors", "作者中有短语“Smith J”"),
        ('"a b"~3', "“a b” with at most 3 words between", "“a b”（中间最多隔 3 个词）"),
        ("comput*", "words that begin with “comput”", "以“comput”开头的词"),
        ("a b -c", "the words “a” “b” and not the word “c”", "这些词：“a” “b”，并且不含词“c”"),
        ("a (b OR c)", "the word “a” and (the word “b” or the word “c”)", "词“a”，并且（词“b”，或者词“c”）"),
        ("year:2019..2024", "published from 2019 to 2024", "2019—2024 年出版"),
        ("year:2019..", "published in 2019 or later", "2019 年及以后出版"),
        ("year:..2019", "published in 2019 or earlier", "2019 年及以前出版"),
        ("year:2019", "published in 2019", "2019 年出版"),
        ("10.1000/X", "with DOI 10.1000/x", "DOI 为 10.1000/x"),
        ("1932-6203", "in the journal with ISSN 1932-6203", "刊载于 ISSN 1932-6203 的期刊"),
        ("clc:tp18", "in class TP18 of the Chinese Library Classification", "中图分类号为 TP18"),
        ("版本:Published", "with a copy of the published version", "有 published 版的副本"),
        ("has:pdf lang:zh", "with pdf and in language zh", "有 pdf，并且语种为 zh"),
    ],
)
def test_a_query_is_said_in_words(text: str, en: str, zh: str) -> None:
    node = parse(text)
    assert (in_words(node, "en"), in_words(node, "zh")) == (en, zh)


def test_a_tree_says_everything_with_its_place() -> None:
    node = parse('a -title:"b c"~2 year:2019..')
    assert node is not None
    assert tree_of(node) == {
        "kind": "sequence",
        "position": 0,
        "items": [
            {"kind": "word", "position": 0, "text": "a", "field": None},
            {
                "kind": "not",
                "position": 2,
                "items": [{"kind": "phrase", "position": 9, "text": "b c", "field": "title", "slop": 2}],
            },
            {"kind": "years", "position": 22, "since": 2019, "until": None},
        ],
    }


def test_a_doubt_is_said_in_words() -> None:
    (doubt,) = read_query("auteur:smith").doubts
    shown = doubt_shown(doubt)
    assert (shown["position"], shown["written"], shown["meant"]) == (0, "auteur", "author")
    assert "Did you mean “author:”?" in shown["words"]["en"]
    assert "author:" in shown["words"]["zh"]


@given(st.text(max_size=200) | st.text(alphabet='ab (){}-":*~0', max_size=200))
def test_whatever_can_be_read_can_be_said(text: str) -> None:
    try:
        node = parse(text)
    except QueryError:
        return
    assert all(in_words(node, language) for language in LANGUAGES)


@pytest.mark.parametrize(
    "text", ["(" * MAX_DEPTH + "a OR b" + ") c" * MAX_DEPTH, "a b OR " * (MAX_CLAUSES // 2 - 1) + "c"]
)
def test_the_deepest_and_the_longest_tree_can_be_written(text: str) -> None:
    node = parse(text)
    assert node is not None
    assert orjson.dumps(tree_of(node))
    assert in_words(node, "zh")


def test_every_field_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "query-language.md").read_text(encoding="utf-8")
    names = [*FIELDS, *(alias for alias in ALIASES if alias not in {"標題", "主題"}), *STATUSES, *VERSIONS]
    names += POSSESSIONS
    assert [name for name in names if f"`{name}:`" not in text and f"`{name}`" not in text] == []


def test_a_sign_that_was_passed_over_is_told_in_both_languages() -> None:
    shown = doubt_shown(Doubt(position=3, written='"', meant=""))
    assert shown["words"]["en"].startswith('“"” opens or closes nothing')
    assert "没有配对" in shown["words"]["zh"]
