"""A query told back: as a tree of plain values, and in words, so that its author sees what was understood."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Row
from typing import Any, Literal, assert_never

from indexer.search.expression import And, Node, Not, Or, Phrase, Prefix, Sequence, Term, Word, YearRange
from indexer.search.parser import Doubt

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

#: Pattern in each language; ``{}`` stands for what is said of, ``{field}`` for where.
_WORDS: dict[str, dict[Language, str]] = {
    "everything": {"en": "everything", "zh": "全部作品"},
    "word": {"en": "the word “{}”", "zh": "词“{}”"},
    "words": {"en": "the words {}", "zh": "这些词：{}"},
    "prefix": {"en": "words that begin with “{}”", "zh": "以“{}”开头的词"},
    "phrase": {"en": "the phrase “{}”", "zh": "短语“{}”"},
    "near": {"en": "“{}” with at most {slop} words between", "zh": "“{}”（中间最多隔 {slop} 个词）"},
    "not": {"en": "not {}", "zh": "不含{}"},
    "and": {"en": " and ", "zh": "，并且"},
    "or": {"en": " or ", "zh": "，或者"},
    "group": {"en": "({})", "zh": "（{}）"},
    "title": {"en": "{} in the title", "zh": "题名中有{}"},
    "author": {"en": "{} among the authors", "zh": "作者中有{}"},
    "journal": {"en": "{} in the journal's name", "zh": "刊名中有{}"},
    "subject": {"en": "{} among the subjects and keywords", "zh": "主题或关键词中有{}"},
    "year": {"en": "published in {}", "zh": "{} 年出版"},
    "years": {"en": "published from {} to {until}", "zh": "{}—{until} 年出版"},
    "since": {"en": "published in {} or later", "zh": "{} 年及以后出版"},
    "until": {"en": "published in {} or earlier", "zh": "{} 年及以前出版"},
    "lang": {"en": "in language {}", "zh": "语种为 {}"},
    "source": {"en": "from source {}", "zh": "来源为 {}"},
    "license": {"en": "with licence {}", "zh": "许可为 {}"},
    "type": {"en": "of type {}", "zh": "类型为 {}"},
    "has": {"en": "with {}", "zh": "有 {}"},
    "status": {"en": "marked as {}", "zh": "状态为 {}"},
    "clc": {"en": "in class {} of the Chinese Library Classification", "zh": "中图分类号为 {}"},
    "version": {"en": "with a copy of the {} version", "zh": "有 {} 版的副本"},
    "issn": {"en": "in the journal with ISSN {}", "zh": "刊载于 ISSN {} 的期刊"},
    "url": {"en": "at the address {}", "zh": "网址为 {}"},
    "identifier": {"en": "with {name} {}", "zh": "{name} 为 {}"},
    "doubt": {
        "en": "“{}:” is no field, so it was searched as a word. Did you mean “{meant}:”?",
        "zh": "没有“{}:”这个字段，已按普通词检索。是否想用“{meant}:”？",
    },
    "sign": {
        "en": "“{}” opens or closes nothing, so quotation marks, parentheses and asterisks were passed over.",
        "zh": "“{}”没有配对，因此已忽略引号、括号和星号。",
    },
}
_NAMES = {"doi": "DOI", "isbn": "ISBN", "pmid": "PMID", "pmcid": "PMCID", "arxiv": "arXiv", "doaj": "DOAJ"}


def tree_of(node: Node) -> dict[str, Any]:
    """Return a node as plain values: ``kind``, ``position``, what it says, and its ``items``."""
    plain: dict[str, Any] = {"kind": type(node).__name__.lower(), "position": node.position}
    match node:
        case Word() | Prefix():
            plain |= {"text": node.text, "field": node.field}
        case Phrase():
            plain |= {"text": node.text, "field": node.field, "slop": node.slop}
        case Term():
            plain |= {"field": node.name, "value": node.value}
        case YearRange():
            plain |= {"kind": "years", "since": node.since, "until": node.until}
        case Not():
            plain |= {"items": [tree_of(node.item)]}
        case Sequence() | And() | Or():
            plain |= {"items": [tree_of(item) for item in node.items]}
        case _:
            assert_never(node)
    return plain


def in_words(node: Node | None, language: Language) -> str:
    """Say what a query asks for."""
    return _Speaker(language).say(node) if node else _WORDS["everything"][language]


def doubt_shown(doubt: Doubt) -> dict[str, Any]:
    """Return a doubt as plain values, with its words in each language."""
    said_of = _WORDS["doubt" if doubt.meant else "sign"]
    words = {language: said.format(doubt.written, meant=doubt.meant) for language, said in said_of.items()}
    return {"position": doubt.position, "written": doubt.written, "meant": doubt.meant, "words": words}


class _Speaker:
    """Says nodes in one language."""

    def __init__(self, language: Language) -> None:
        self._words: Mapping[str, str] = {key: forms[language] for key, forms in _WORDS.items()}

    def say(self, node: Node) -> str:
        match node:
            case Word() | Prefix() | Phrase():
                return self._say_text(node)
            case Term():
                name = node.name if node.name in self._words else "identifier"
                return self._words[name].format(node.value, name=_NAMES.get(node.name, node.name))
            case YearRange():
                return self._say_years(node)
            case Not():
                return self._words["not"].format(self._say_part(node.item))
            case Or():
                return self._words["or"].join(self._say_part(item) for item in node.items)
            case Sequence() | And():
                return self._say_all(node.items)
            case _:
                assert_never(node)

    def _say_text(self, node: Word | Prefix | Phrase) -> str:
        slop = node.slop if isinstance(node, Phrase) else 0
        kind = "near" if slop else type(node).__name__.lower()
        said = self._words[kind].format(node.text, slop=slop)
        return self._words[node.field].format(said) if node.field else said

    def _say_years(self, years: YearRange) -> str:
        if years.since == years.until:
            return self._words["year"].format(years.since)
        if years.until is None:
            return self._words["since"].format(years.since)
        if years.since is None:
            return self._words["until"].format(years.until)
        return self._words["years"].format(years.since, until=years.until)

    def _say_all(self, items: Row[Node]) -> str:
        """Say bare words together, the other conditions one by one."""
        bare = [item for item in items if isinstance(item, Word) and item.field is None]
        said = [self._say_part(item) for item in items if item not in bare]
        if len(bare) > 1:
            said.insert(0, self._words["words"].format(" ".join(f"“{word.text}”" for word in bare)))
        elif bare:
            said.insert(0, self.say(bare[0]))
        return self._words["and"].join(said)

    def _say_part(self, node: Node) -> str:
        said = self.say(node)
        return self._words["group"].format(said) if isinstance(node, Sequence | And | Or) else said
