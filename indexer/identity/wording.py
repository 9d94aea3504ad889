"""The reasons of judgements in words, English and Chinese."""

from __future__ import annotations

from typing import Literal, Protocol

Language = Literal["en", "zh"]


class _Reason(Protocol):
    @property
    def code(self) -> str: ...
    @property
    def detail(self) -> str: ...


_WORDS: dict[str, tuple[str, str]] = {
    "identifier_same": ("Both carry {detail}.", "两条记录都有 {detail}。"),
    "identifier_different": ("They carry different identifiers: {detail}.", "标识符不同：{detail}。"),
    "identifier_of_preprint": ("One identifier is a preprint's: {detail}.", "其中一个标识符属于预印本：{detail}。"),
    "title_equal": ("The titles are equal.", "题名相同。"),
    "title_near": ("The titles are equal but for slips of spelling.", "题名仅有拼写上的细微差别。"),
    "title_head": ("One title is the other without its subtitle.", "一个题名是另一个题名去掉副题名。"),
    "title_longer": ("One title has a word more.", "一个题名多一个词。"),
    "title_edged": ("One title has a word more at its beginning or end.", "一个题名在开头或结尾多一个词。"),
    "title_close": ("The titles differ in a word.", "题名有一个词不同。"),
    "title_numbered": (
        "The titles are alike, but their numbers differ, as those of parts of a series do.",
        "题名相近而序号不同，像是同一系列的不同部分。",
    ),
    "title_other": ("The titles differ.", "题名不同。"),
    "title_incomparable": ("The titles are written in different scripts.", "题名使用不同的文字，无法比较。"),
    "title_generic": ("The title is a heading that many texts have.", "题名是许多文章共用的栏目名。"),
    "authors_most": ("The authors agree ({detail} shared).", "作者一致（{detail} 位相同）。"),
    "authors_some": ("Some authors agree ({detail} shared).", "部分作者一致（{detail} 位相同）。"),
    "authors_none": ("No author is in both.", "没有共同的作者。"),
    "year_same": ("Both are of the same year ({detail}).", "年份相同（{detail}）。"),
    "year_near": ("They are one year apart ({detail}).", "年份相差一年（{detail}）。"),
    "year_far": ("They are years apart ({detail}).", "年份相差较大（{detail}）。"),
    "container_same": ("Both are in the same journal.", "刊载于同一刊物。"),
    "container_different": ("They are in different journals.", "刊载于不同刊物。"),
    "notice": (
        "Both are notices or remarks, of which one article may have several.",
        "两者都是更正、评论等，同一篇文章可能有多条。",
    ),
    "preprint": ("One is a preprint.", "其中一条是预印本。"),
    "issue_different": ("The issues differ ({detail}).", "期号不同（{detail}）。"),
    "title_translated": (
        "The titles differ, but both stand in the same place: one may be a translation.",
        "题名不同，但刊载位置相同，可能是译名。",
    ),
    "volume_same": ("The volumes are the same.", "卷号相同。"),
    "volume_different": ("The volumes differ.", "卷号不同。"),
    "pages_same": ("The pages are the same.", "页码相同。"),
    "pages_first": ("They begin on the same page.", "起始页相同。"),
    "pages_different": ("The pages differ.", "页码不同。"),
    "types_differ": ("They are of different types ({detail}).", "文献类型不同（{detail}）。"),
    "items_alike": (
        "Repositories hold many things under such a title; only an identifier tells them apart.",
        "机构库中常有多件同名资料，仅凭标识符才能区分。",
    ),
    "kinds_differ": ("One is about the other, or about something else ({detail}).", "文献性质不同（{detail}）。"),
    "stated_relation": ("A record states the relation: {detail}.", "记录中注明了两者的关系：{detail}。"),
    "stated_version": ("A record states that they are versions of one work.", "记录中注明两者是同一作品的不同版本。"),
}

CODES = frozenset(_WORDS)
"""Every code that a reason may have."""


def words(reason: _Reason, language: Language) -> str:
    """Say a reason in one plain sentence; a code of an older version is shown as it is."""
    english, chinese = _WORDS.get(reason.code, (reason.code, reason.code))
    return (english if language == "en" else chinese).format(detail=reason.detail)
