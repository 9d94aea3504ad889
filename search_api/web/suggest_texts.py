"""The texts of suggestions, corrections and expansions: Chinese beside English."""

from __future__ import annotations

SUGGEST_TEXTS: dict[str, tuple[str, str]] = {
    "suggest_list": ("检索建议", "Suggestions"),
    "suggest_one": ("1 条建议，用上下键选择", "1 suggestion, use the arrow keys"),
    "suggest_many": ("{count} 条建议，用上下键选择", "{count} suggestions, use the arrow keys"),
    "suggest_none": ("没有建议", "No suggestions"),
    "suggest.subject": ("主题", "subject"),
    "suggest.author": ("作者", "author"),
    "suggest.container": ("期刊", "journal"),
    "suggest.title": ("题名", "title"),
    "meant": ("您是不是要找：", "Did you mean:"),
    "expanded": ("同时检索了：", "Also searched for:"),
    "expand_off": ("只按所写的词检索", "Search only for what is written"),
    "expand_on": ("恢复同义词与中英对照", "Search for synonyms and translations too"),
    "expand_is_off": ("只按所写的词检索，不用词表。", "Searched only for what is written, without the thesaurus."),
    "match_any": (
        "没有作品含全部检索词，以下作品含其中一些词。",
        "No work has all your words; shown are those that have some of them.",
    ),
    "match_identifier": ("根据文字中的标识符找到。", "Found by the identifier in your text."),
    "match_citation": (
        "您输入的像一条参考文献，按其中的词查找。",
        "This looks like a whole reference; it was searched for by its words.",
    ),
}
