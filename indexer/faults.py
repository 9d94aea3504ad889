"""What can be wrong with a query or its parameters, in sentences of both languages of the pages.

Each code has what is wrong and what to do about it, Chinese and English; ``{name}`` stands for a value that
``QueryError`` is raised with.
"""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]
#: What is wrong, and what to do.
Told = tuple[str, str]

#: code: (Chinese, English).
FAULTS: dict[str, tuple[Told, Told]] = {
    # --- the query language
    "too_long": (
        ("检索式有 {length:,} 个字符，太长了。", "请缩短到 {most:,} 个以内；题名或摘要中的几句话就够了。"),
        (
            "The query has {length:,} characters.",
            "Shorten it to {most:,}; a title or some sentences of an abstract are enough.",
        ),
    ),
    "too_many_parts": (
        ("检索式的组成部分超过 {most} 个。", "请缩短检索式，或者分几次检索。"),
        ("The query has more than {most} parts.", "Shorten it, or ask in several searches."),
    ),
    "too_many_words": (
        ("检索式的词超过 {most} 个。", "请缩短检索式，或者分几次检索。"),
        ("The query has more than {most} words.", "Shorten it, or ask in several searches."),
    ),
    "too_deep": (
        ("括号嵌套超过 {most} 层。", "请分几次检索。"),
        ("Parentheses are nested more than {most} deep.", "Ask in several searches."),
    ),
    "no_word": (
        ("检索式里没有词。", "请至少写一个字、字母或数字。"),
        ("There is no word in the query.", "Write at least one letter or number."),
    ),
    "closes_nothing": (
        ("这个右括号前面没有左括号。", "请去掉它，或者在前面补上左括号。"),
        ("This parenthesis closes nothing.", "Remove it, or open one before it."),
    ),
    "never_closed": (
        ("这个左括号后面没有右括号。", "请补上“)”，或者去掉它。"),
        ("This parenthesis is never closed.", "Add “)”, or remove it."),
    ),
    "quote_never_closed": (
        ("这个引号没有成对。", '请在短语末尾补上“"”，或者去掉它。'),
        ("This quotation mark is never closed.", 'Add “"”, or remove it.'),
    ),
    "empty_quotes": (
        ("引号之间没有词。", "请在引号里写一个短语，或者去掉引号。"),
        ("There is no word between the quotation marks.", "Write a phrase there, or remove them."),
    ),
    "nothing_after_not": (
        ("NOT 后面要有一个词。", "请补上；要检索“not”这个词，请写成小写。"),
        ("NOT needs a word after it.", "Add it, or write “not” to search the word."),
    ),
    "one_sided": (
        ("{operator} 两边都要有内容。", "请补上；要检索“{word}”这个词，请写成小写。"),
        ("{operator} needs something on both sides.", "Add it, or write “{word}” to search the word."),
    ),
    "too_far_apart": (
        ("“{written}”的间距太大。", "最多用 ~{most}。"),
        ("“{written}” is too far apart.", "Use at most ~{most}."),
    ),
    "near_many_words": (
        ("“~”只能用在两个词之间。", "请在短语里只留两个词（中文：两个双字词），或者去掉“~”。"),
        (
            "“~” works between two words only.",
            "Leave two words in the phrase (Chinese: two of two characters each), or remove the “~”.",
        ),
    ),
    "too_wide": (
        ("{words} 个词、间距 {slop} 的短语，检索引擎无法处理。", "请缩短短语，或者减小间距。"),
        (
            "A phrase of {words} words within {slop} words is too wide for this search engine.",
            "Make the phrase shorter or the distance smaller.",
        ),
    ),
    "similar_words": (
        ("“{written}”要找近似的词，这里做不到。", "请去掉“~”。"),
        ("“{written}” asks for similar words, which is not possible.", "Remove the “~”."),
    ),
    "lone_star": (
        ("“*”前面没有字母。", "请在它前面至少写两个字母。"),
        ("“*” stands alone.", "Write at least two letters before it."),
    ),
    "star_inside": (
        ("“*”只能放在词的末尾。", "请写词的开头部分，例如 comput*。"),
        ("“*” can only stand at the end of a word.", "Write the beginning of the word, like comput*."),
    ),
    "star_too_early": (
        ("“{written}”太短。", "请在“*”前面至少写两个字母。"),
        ("“{written}” is too short.", "Write at least two letters before the “*”."),
    ),
    "star_in_value": (
        ("“{field}:”后面不能用“*”。", "请写完整的值。"),
        ("“*” cannot be used after “{field}:”.", "Write the whole value."),
    ),
    # --- fields and their values
    "field_like": (
        ("没有“{written}:”这个字段。", "是不是“{near}:”？要检索这个词本身，请在冒号后面加一个空格。"),
        (
            "There is no field “{written}:”.",
            "Did you mean “{near}:”? To search the word, write a blank after the colon.",
        ),
    ),
    "field_instead": (
        ("没有“{written}:”这个字段。", "请用“{near}:”，或者去掉“{written}:”在全部内容里检索。"),
        ("There is no field “{written}:”.", "Use “{near}:”, or leave “{written}:” out to search everywhere."),
    ),
    "field_absent": (
        ("没有“{written}:”这个字段。", "请去掉“{written}:”，在全部内容里检索。"),
        ("There is no field “{written}:”.", "Leave “{written}:” out to search everywhere."),
    ),
    "empty_field": (
        ("“{field}:”后面没有内容。", "请写上内容，或者去掉“{field}:”。"),
        ("Nothing stands after “{field}:”.", "Write something there, or leave “{field}:” out."),
    ),
    "not_identifier": (
        ("“{value}”不是有效的 {scheme}。", "请写成 {example} 这样。"),
        ("“{value}” is not a {scheme}.", "Write it like {example}."),
    ),
    "not_issn": (
        ("“{value}”不是有效的 ISSN。", "请写成 issn:1932-6203 这样。"),
        ("“{value}” is not an ISSN.", "Write it like issn:1932-6203."),
    ),
    "not_year": (
        ("“{value}”不是年份。", "请写成 year:2020、year:2019..2024、year:2019.. 或 year:..2024。"),
        ("“{value}” is not a year.", "Write year:2020, year:2019..2024, year:2019.. or year:..2024."),
    ),
    "years_backwards": (
        ("年份 {since}..{until} 前后颠倒了。", "请写成 year:{until}..{since}。"),
        ("The years {since}..{until} run backwards.", "Write year:{until}..{since}."),
    ),
    "not_language": (
        ("“{value}”不是语种代码。", "请写 ISO 639 代码，例如 lang:zh。"),
        ("“{value}” is not a language code.", "Write an ISO 639 code, like lang:zh."),
    ),
    "not_class": (
        ("“{value}”不是分类号。", "请写成 clc:TP 这样。"),
        ("“{value}” is not the code of a class.", "Write it like clc:TP."),
    ),
    "not_one_of": (
        ("没有“{field}:{value}”这个条件。", "请从这些里选一个：{choice}。"),
        ("“{field}:{value}” cannot be asked.", "Use one of {choice}."),
    ),
    # --- parameters
    "filter_language": (
        ("“{value}”不是语种代码。", "请写 ISO 639 代码，例如 lang=zh。"),
        ("“{value}” is not a language code.", "Write an ISO 639 code, like lang=zh."),
    ),
    "filter_class": (
        ("“{value}”不是分类号。", "请写成 clc=TP 这样。"),
        ("“{value}” is not the code of a class.", "Write it like clc=TP."),
    ),
    "filter_one_of": (
        ("{name} 没有“{value}”这个值。", "请从这些里选一个：{choice}。"),
        ("{name} has no value “{value}”.", "Use one of {choice}."),
    ),
    "filter_blank": (
        ("{name} 是空白的。", "请写上值，或者去掉这个参数。"),
        ("{name} is blank.", "Give a value, or leave the parameter out."),
    ),
    "filter_years": (
        ("year_from={since} 晚于 year_to={until}。", "请把两者对调：year_from={until}&year_to={since}。"),
        ("year_from={since} is later than year_to={until}.", "Exchange them: year_from={until}, year_to={since}."),
    ),
    "foreign_cursor": (
        ("这个翻页标记不是这里给出的。", "请去掉它，从第一页开始。"),
        ("The cursor is not one of ours.", "Leave it out to begin at the first page."),
    ),
    "cursor_of_another": (
        ("这个翻页标记属于另一次检索。", "请按第一页的条件原样重发，或者去掉翻页标记。"),
        (
            "The cursor belongs to another query.",
            "Repeat the query exactly as on the first page, or leave the cursor out.",
        ),
    ),
    "no_format": (
        ("没有“{format}”这种导出格式。", "请从这些里选一个：{choice}。"),
        ("There is no export format {format!r}.", "Use one of {choice}."),
    ),
    "no_byte_order_mark": (
        ("加上字节顺序标记会破坏 {label} 文件。", "请去掉 bom；它只用于 csv。"),
        ("A byte order mark would spoil {label}.", "Leave bom out; it is for csv."),
    ),
    "facet_too_large": (
        (
            "在这些作品里，分面“{facet}”的值超过 {most:,} 个。",
            "请用检索词或筛选条件缩小范围；用 order=count 且不带 facet_q 可得到最常见的值。",
        ),
        (
            "The facet {facet!r} has more than {most:,} values among these works.",
            "Narrow the search by words or filters; the most frequent values come with order=count and no facet_q.",
        ),
    ),
    "compares_everything": (
        ("全部作品无从与自身比较。", "请在 q 里写检索词，或者加一个筛选条件。"),
        ("Everything cannot be compared with everything.", "Give words in q, or a filter."),
    ),
    "values_of_no_facet": (
        ("没有说明是哪个分面的值。", "请用 facet=… 指明。"),
        ("Values of which facet?", "Name it with facet=…"),
    ),
    # --- the command line
    "wrong_option": (
        ("选项 {name} 不对：{problem}。", "见 kaijuan search --help。"),
        ("{name}: {problem}.", "See kaijuan search --help."),
    ),
    "ids_beside_query": (
        ("--id 不能与检索式同时使用。", "请只导出指定的作品，或者只导出检索到的作品。"),
        ("--id cannot stand beside a query.", "Export either the works named, or what a query finds."),
    ),
    "no_works": (
        ("没有这些作品：{ids}。", "请去掉它们，或者用 kaijuan search 查找。"),
        ("There is no work {ids}.", "Leave it out, or look for it with kaijuan search."),
    ),
}


def told(code: str, values: dict[str, object], language: Language) -> Told:
    """Return what is wrong and what to do about it, in one language."""
    detail, fix = FAULTS[code][0 if language == "zh" else 1]
    return detail.format(**values), fix.format(**values)
