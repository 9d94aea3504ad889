"""What is wrong with a query is told in both languages, whoever raises it."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.errors import QueryError
from indexer.faults import FAULTS

_ROOT = Path(__file__).parents[2]
_RAISED = frozenset({"QueryError", "UnsupportedQueryError", "_fail"})
_ALWAYS = frozenset({"position", "parameter", "at"})


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _raised() -> Iterator[tuple[str, ast.Call]]:
    """Yield every place that makes a ``QueryError``; the parser's own way to it passes a code on."""
    for package in ("indexer", "search_api"):
        for path in (_ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in _RAISED and not (node.args and isinstance(node.args[0], ast.Name)):
                    yield f"{path.relative_to(_ROOT)}:{node.lineno}", node


@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_has_its_remedy_in_both_languages_with_values_that_are_told_in_english(code: str) -> None:
    chinese, english = FAULTS[code]
    assert all(text.strip() for text in (*chinese, *english))
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in chinese)
    assert not any("\u4e00" <= sign <= "\u9fff" for text in english for sign in text)
    assert _fields("".join(chinese)) == _fields("".join(english))


def test_whatever_is_raised_has_its_sentences_and_their_values_and_no_sentence_is_left_over() -> None:
    used = set()
    for place, call in _raised():
        assert call.args, place
        assert isinstance(call.args[0], ast.Constant), place
        code = str(call.args[0].value)
        assert code in FAULTS, place
        given = {keyword.arg for keyword in call.keywords} - _ALWAYS
        assert given == _fields("".join(FAULTS[code][1])), place
        used.add(code)
    assert used == FAULTS.keys()


def test_an_error_tells_its_values_as_they_were_written() -> None:
    error = QueryError("field_like", written="{auther}", near="author", position=3)
    assert error.told("zh")[0] == "没有“{auther}:”这个字段。"
    assert error.told("en") == (error.reason, error.remedy)
    assert str(error) == (
        "There is no field “{auther}:”. Did you mean “author:”? To search the word, write a blank after the colon."
    )
