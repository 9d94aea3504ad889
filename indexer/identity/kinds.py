"""What kind of text a record describes, as far as identity must know: an article, a notice about one, a remark on one.

The kind is read from the type and from how the title begins or ends; the rest of the title is what it is about.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Literal, NamedTuple

from indexer.search.folding import fold

Kind = Literal[
    "article", "correction", "retraction", "concern", "comment", "reply", "summary", "dataset", "thesis"
]  # fmt: skip

RELATIONS: dict[Kind, str] = {
    "correction": "corrects",
    "retraction": "retracts",
    "concern": "concerns",
    "comment": "comments_on",
    "reply": "replies_to",
    "summary": "is_abstract_of",
    "dataset": "is_supplement_to",
    "thesis": "is_version_of",
}
"""What a text of a kind does to the article that it names."""

_OPENING = r"^\W*(?:(?:publisher|author|editor)\W*s?\W*\s+)?"
_SIGN = r"\s*[:.\-–—\]]+\s*"
#: The word alone proves nothing ("Correction of refractive errors"): what follows it must be a notice's.
_NOTICE_END = rf"(?:{_SIGN}|\s+(?:to|note|notice|article)\b\s*(?:to\b|:)?\s*[:.“\"'‘]*\s*|\s*$)"
_ANSWER_END = r"(?:\s*[:.\-–—]+\s*|\s+to\b(?:\s+the\s+(?:paper|article|study))?\s*[:.“\"'‘]*\s*|\s*$)"
#: Beside English, what follows must be in quotes, because "a", "de" and "к" stand before everything.
_OTHER_END = (
    r"(?:\s*[:\]]+\s*|\s+(?:al?|ao|à|de|del|do|sobre|sur|к|на|zu[mr]?|auf)\s+"
    r"(?:(?:o |el |l['’])?(?:art[íi]culo|artigo|article|artikel|beitrag|стать[ею])\s*[:.]?\s*)?[«„“\"'‘]+\s*|\s*$)"
)
#: "Response to treatment" is none to a comment.
_SAID = r"(?:[“\"'‘]|comments?\b|commentary\b|letters?\b|the (?:paper|article|editor)\b)"
_HEADS: tuple[tuple[Kind, str], ...] = (
    (
        "correction",
        (
            rf"{_OPENING}(?:corrigend(?:um|a)|errat(?:um|a)|corrections?(?:\s+and\s+additions?)?|addend(?:um|a)|"
            rf"fe de erratas?|errata corrige|rectificatif|berichtigung){_NOTICE_END}"
        ),
    ),
    (
        "correction",
        (
            r"^\W*(?:correcci[oó]n|rectificaci[oó]n|correç[aã]o|rettifica|rectificatif|berichtigung|исправлени[ея]|"
            rf"поправк[аи]|опечатк[аи]){_OTHER_END}"
        ),
    ),
    ("correction", r"^\W*(?:更正|勘误|勘誤|訂正|正誤表?)(?:启事|声明|说明)?\s*[:：]?\s*"),
    ("retraction", rf"{_OPENING}(?:partial\s+)?(?:retraction|withdrawal){_NOTICE_END}"),
    ("retraction", rf"^\W*(?:retractaci[oó]n|retrataç[aã]o|rétractation|ретракция|отзыв статьи){_OTHER_END}"),
    ("retraction", r"^\W*(?:撤稿|撤回)(?:声明|启事|通知)?\s*[:：]?\s*"),
    ("concern", rf"^\W*(?:editorial\s+)?(?:notice|expression) of concern\b{_ANSWER_END}"),
    (
        "reply",
        (
            r"^\W*(?:(?:(?:the\s+)?authors?\W*s?\W*|invited\s+)\s*)?"
            rf"(?:repl(?:y|ies)|response(?!\s+to\b(?!\s+{_SAID}))|rejoinder|rebuttal|in reply|in response)"
            r"(?:\s+(?:by|from)\s+(?:the\s+)?authors?|\s+letter)?"
            rf"(?:\s+to\b\s*(?=comments?\b|commentary\b|letters?\b)|{_ANSWER_END})"
        ),
    ),
    ("reply", r"^\W*(?:答复|回复|作者回复)\s*[:：]\s*"),
    ("reply", rf"^\W*(?:respuesta|réplica|resposta|réponse|erwiderung|antwort|ответ){_OTHER_END}"),
    ("comment", rf"^\W*(?:comentarios?|comentários?|commentaires?|kommentar|комментари[йи]){_OTHER_END}"),
    (
        "comment",
        r"^\W*(?:comments?|commentary|discussion|letter|remarks?)(?:\s+(?:on|to|re)\b\s*[:“\"'‘]*|\s*:)\s*",
    ),
    ("comment", r"^\W*re\s*:\s*"),
    ("comment", r"^\W*(?:评论|述评|商榷)\s*[:：]\s*"),
    (
        "dataset",
        (
            r"^\W*(?:(?:replication\s+)?data (?:from|for)|"
            r"supplementary (?:data|materials?|information)(?: (?:for|to|from))?)\s*:\s*|"
            r"^\W*(?:additional|supplementary) file \d{1,3}\s*(?:of|to|:)\s*|^\W*supplement (?:of|to)\s*[:“\"]\s*"
        ),
    ),
    ("summary", r"^\W*(?:(?:conference |meeting )?abstract|poster|会议摘要)\s*[:：]\s*"),
)
_TAIL_OPENING = r"\s*[:\-–—.(\[]+\s*(?:(?:an?|the)\s+)?"
_TAIL_END = r"\s*[)\].]*\s*$"
_TAILS: tuple[tuple[Kind, str], ...] = (
    ("correction", rf"{_TAIL_OPENING}(?:erratum|corrigendum|correction){_TAIL_END}"),
    ("retraction", rf"{_TAIL_OPENING}retraction{_TAIL_END}"),
    (
        "reply",
        rf"{_TAIL_OPENING}(?:author'?s?'?\s+)?(?:reply|rejoinder|response|rebuttal)(?:\s+to\s.{{1,60}})?{_TAIL_END}",
    ),
    ("comment", rf"{_TAIL_OPENING}(?:comment|commentary|discussion)(?:\s+on\s.{{1,60}})?{_TAIL_END}"),
)
_HAN_ABOUT = re.compile(
    r"^(?:关于|關於|对|對|与|與|就)?\s?[《“「『\"](.{6,300})[》”」』\"]\s*(?:一文)?(?:作者)?的?\s*"
    r"(更正|勘误|勘誤|订正|訂正|撤稿|撤回|答复|商榷)(?:启事|声明|说明|通知)?\W*$"
)
_HAN_NOTICES: dict[str, Kind] = {"撤稿": "retraction", "撤回": "retraction", "答复": "reply", "商榷": "comment"}
"""What is none of these corrects."""
_COMMENT = re.compile(r"^(?:comments?|commentary|letters?)\s+(?:on|to|by\s.{1,40}\son)\b\s*[:“\"'‘]*\s*", re.IGNORECASE)
_QUOTES = " “”\"'‘’"
_HEAD_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), kind) for kind, pattern in _HEADS)
_TAIL_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), kind) for kind, pattern in _TAILS)
#: Most titles are none of these: one look at how they begin, and one for a word in their end, spares the rest.
_MAY_HAVE_HEAD = re.compile(
    r"^\W*(?:publ|auth|edit|corr|erra|adde|fe de|rect|beri|part|retr|with|noti|expr|the auth|invi|repl|resp|rejo|rebu|"
    r"comen|komm|erwi|antw|rett|ré[tp]|испр|попр|опеч|ретр|отзы|отве|комм|"
    r"in re|comm|disc|lett|rema|re\s*:|data|addi|supp|abst|conf|meet|post|[更勘訂正撤答回作评述商会])",
    re.IGNORECASE,
)
_MAY_HAVE_TAIL = re.compile(
    r"erratum|corrigendum|correction|retraction|reply|rejoinder|response|rebuttal|comment|discussion", re.IGNORECASE
)
_TAIL_LETTERS = 90
#: "RETRACTED: X" is X itself, marked; "Retraction: X" is a notice about X.
_MARK = re.compile(
    r"^\W*(?:retracted|withdrawn|(?:temporary\s+)?removal)(?:\s+(?:article|chapter|paper))?\s*[\])]?\s*[:：.\-–—]+\s*|"
    r"^\W*已撤稿\s*[:：]\s*",
    re.IGNORECASE,
)
_DECORATION = re.compile(
    r"(?:\s*[.:]?\s*[\[(](?:pdf|html|full text|poster|poster abstract|panel|panel session|demo|demonstration|tutorial|"
    r"(?:conference |meeting )?abstract(?: (?:no\.?|#)? ?[\w-]{1,9})?|invited talk|invited paper|industrial paper|"
    r"extended abstract|keynote|letter|editorial|(?:\w+ )?review|preprint|\d+ refs?\.?|see comments?|comment|"
    r"letter; comment|published erratum appears in .{1,90}|corrected|in process citation|original|article in \w+|"
    r"in (?:french|german|spanish|chinese|russian|japanese|italian|portuguese|polish))[\])]\s*\.?)+\s*$",
    re.IGNORECASE,
)
_KIND_OF_TYPE: dict[str, Kind] = {
    "correction": "correction", "retraction": "retraction", "dataset": "dataset", "thesis": "thesis",
}  # fmt: skip
_HEADINGS = frozenset(files(__package__).joinpath("headings.txt").read_text("utf-8").splitlines())
"""Folded titles that stand over many texts, one a line."""
_HAN_HEADING = re.compile(
    "(?:编者按|编者的话|编辑部?(?:的话|寄语|说明)?|卷首语|卷首|前言|序言?|引言|导言|导论|绪论|后记|结语|结束语|跋|目录|总目录|目次|"
    "书评|书讯|新书(?:介绍|推介|简介)|征稿(?:启事|简则|通知)|稿约|投稿(?:须知|指南)|启事|通知|公告|声明|致谢|致读者|主持人语|"
    "主编(?:的话|寄语)|编后记?|补白|消息|简讯|动态|资讯|会议(?:通知|纪要|消息)|更正|勘误|更正启事|撤稿声明|读者来信|来信|讣告|悼念|"
    "封面|封底|版权页|索引|本刊(?:启事|声明|讯)|本期(?:导读|目录)|发刊词|创刊词|社论|社评|新闻|综述|评论|"
    "巻頭言|編集後記|はじめに|まえがき|会告|書評)"
)
_DATED = re.compile(
    r"(?:\s+(?:column|section|corner)|\s+(?:19|20)?\d{1,4}|\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*)+$"
)
_HEADING_START = re.compile(
    r"introduction to (?:the |this )?(?:special|theme|thematic|focus)\s?(?:d )?(?:issue|section)\b|"
    r"(?:guest )?editorial (?:for|to|of|on) (?:the |this )?(?:special )?(?:issue|volume|section)\b|"
    r"(?:volume|vol|issue|band) \d+\b|reviewers? (?:acknowledge?ments?|list)\b|"
    r"thank(?:s| you) to (?:our |the )?(?:\d+ )?(?:peer )?reviewers\b|"
    r"acknowledge?ments? (?:of|to) (?:our |the )?(?:\d+ )?(?:peer )?reviewers\b|"
    r"(?:abstracts?|proceedings) (?:of|from) the\b"
)
_WORD = re.compile(r"\w+")
_HAN_WORD = re.compile("[\u3400-\u9fff]{2}")
_LONGEST_HEADING = 120
_LEAST_LETTERS = 3


class Reading(NamedTuple):
    """A title read: the kind, the title of what it is about, whether it is marked as retracted, and only a heading."""

    kind: Kind
    about: str
    is_retracted: bool
    is_generic: bool


def read_title(title: str, type_: str) -> Reading:
    """Read the kind from a clean title and the record's type (``indexer.models.Bibliography.type``).

    A title that is only a heading of its journal ("Editorial", 编者按, "Corrigendum") does not say which text it is.
    """
    unmarked = _MARK.sub("", title, count=1)
    kind, about = _kind(unmarked or title)
    if kind == "article":
        kind = _KIND_OF_TYPE.get(type_, "article")
    is_generic = is_heading(title) or (kind != "article" and is_heading(about))
    return Reading(kind, about, bool(unmarked) and unmarked != title, is_generic)


def _kind(title: str) -> tuple[Kind, str]:
    title = _DECORATION.sub("", title) if title.endswith((")", "]", ").", "].")) else title
    if _MAY_HAVE_HEAD.match(title):
        for pattern, kind in _HEAD_PATTERNS:
            if match := pattern.match(title):
                about = title[match.end() :].strip(_QUOTES)
                return kind, _COMMENT.sub("", about, count=1).strip(_QUOTES) if kind == "reply" else about
    if _MAY_HAVE_TAIL.search(title, max(0, len(title) - _TAIL_LETTERS)):
        for pattern, kind in _TAIL_PATTERNS:
            if match := pattern.search(title, max(0, len(title) - _TAIL_LETTERS)):
                return kind, title[: match.start()]
    if not title.isascii() and (match := _HAN_ABOUT.match(title)):
        return _HAN_NOTICES.get(match[2], "correction"), match[1]
    return "article", title


def is_heading(title: str) -> bool:
    """Tell whether a title is one that many texts have: a section's heading, an empty one, only a number."""
    if len(title) > _LONGEST_HEADING:
        return False
    folded = " ".join(_WORD.findall(fold(title)))
    if sum(letter.isalpha() for letter in folded) < _LEAST_LETTERS and not _HAN_WORD.search(folded):
        return True
    return (
        folded in _HEADINGS
        or _DATED.sub("", folded) in _HEADINGS
        or _HAN_HEADING.fullmatch(folded.replace(" ", "")) is not None
        or _HEADING_START.match(folded) is not None
    )
