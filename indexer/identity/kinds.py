"""What kind of text a record describes, as far as identity must know: an article, a notice about one, a remark on one.

The kind is read from the type and from how the title begins; what remains of the title is what it is about.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Literal, NamedTuple

from indexer.search.folding import fold

Kind = Literal["article", "correction", "retraction", "concern", "comment", "reply", "summary", "dataset", "thesis"]

RELATIONS: dict[str, str] = {
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

_END = r"(?:\s*[:.\-–—]+\s*|\s+(?:to|for|of|on|in|regarding|concerning)\b(?:\s+the\s+(?:paper|article|study))?\s*[:.“\"'‘]*\s*|\s*$)"
_NOTICE_END = r"(?:\s*[:.\-–—\]]+\s*|\s+(?:to|note|notice|article)\b\s*(?:to\b|:)?\s*[:.“\"'‘]*\s*|\s*$)"
_WHOSE = r"^\W*(?:(?:publisher|author|editor)\W*s?\W*\s+)?"
_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (
            _WHOSE
            + r"(?:corrigend(?:um|a)|errat(?:um|a)|corrections?(?:\s+and\s+additions?)?|addend(?:um|a)|fe de erratas?|errata corrige|"
            r"rectificatif|berichtigung)" + _NOTICE_END,
            "correction",
        ),
        (r"^\W*(?:更正|勘误|勘誤|訂正)(?:启事|声明|说明)?\s*[:：]?\s*", "correction"),
        (_WHOSE + r"(?:partial\s+)?(?:retraction|withdrawal)" + _NOTICE_END, "retraction"),
        (r"^\W*(?:撤稿|撤回)(?:声明|启事|通知)?\s*[:：]?\s*", "retraction"),
        (r"^\W*(?:editorial\s+)?(?:notice|expression) of concern\b" + _END, "concern"),
        (
            r"^\W*(?:(?:(?:the\s+)?authors?\W*s?\W*|invited\s+)\s*)?(?:repl(?:y|ies)|response|rejoinder|rebuttal|in reply|in response)"
            r"(?:\s+(?:by|from)\s+(?:the\s+)?authors?|\s+letter)?(?:\s+to\b\s*(?=comments?\b|commentary\b|letters?\b)|"
            + _END[3:],
            "reply",
        ),
        (r"^\W*(?:答复|回复|作者回复|对.{1,40}的答复)\s*[:：]\s*", "reply"),
        (
            r"^\W*(?:comments?|commentary|discussion|letter|remarks?)(?:\s+(?:on|to|re)\b\s*[:“\"'‘]*|\s*[:])\s*",
            "comment",
        ),
        (r"^\W*re\s*:\s*", "comment"),
        (r"^\W*(?:评论|述评|商榷)\s*[:：]\s*|^\W*与.{2,30}商榷\s*$", "comment"),
        (r"^\W*(?:data (?:from|for)|supplementary (?:data|materials?|information)(?: (?:for|to|from))?|replication data for)\s*:\s*", "dataset"),
        (r"^\W*(?:abstract|conference abstract|meeting abstract|poster|会议摘要)\s*[:：]\s*", "summary"),
    )
)
_TAIL: tuple[tuple[re.Pattern[str], Kind], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"\s*[:\-–—.(\[]+\s*(?:an?\s+)?(?:erratum|corrigendum|correction)\s*[)\].]*\s*$", "correction"),
        (r"\s*[:\-–—.(\[]+\s*(?:retraction)\s*[)\].]*\s*$", "retraction"),
        (
            r"\s*[:\-–—.(\[]+\s*(?:(?:an?|the)\s+)?(?:author'?s?'?\s+)?(?:reply|rejoinder|response|rebuttal)(?:\s+to\s.{1,60})?\s*[)\].]*\s*$",
            "reply",
        ),
        (r"\s*[:\-–—.(\[]+\s*(?:an?\s+)?(?:comment|commentary|discussion)(?:\s+on\s.{1,60})?\s*[)\].]*\s*$", "comment"),
    )
)
_RETRACTED = re.compile(
    r"^\W*(?:retracted|withdrawn|(?:temporary\s+)?removal)(?:\s+(?:article|chapter|paper))?\s*[\])]?\s*[:：.\-–—]+\s*|^\W*已撤稿\s*[:：]\s*",
    re.IGNORECASE,
)
_DECORATION = re.compile(
    r"(?:\s*[.:]?\s*[\[(](?:pdf|html|full text|poster|poster abstract|(?:conference |meeting )?abstract(?: (?:no\.?|#)? ?[\w-]{1,9})?|panel|"
    r"panel session|demo|demonstration|tutorial|invited talk|invited paper|industrial paper|extended abstract|keynote|letter|editorial|"
    r"(?:\w+ )?review|preprint|\d+ refs?\.?|see comments?|comment|letter; comment|published erratum appears in .{1,90}|corrected|"
    r"in process citation|original|article in \w+|in (?:french|german|spanish|chinese|russian|japanese|italian|portuguese|polish))"
    r"[\])]\s*\.?)+\s*$",
    re.IGNORECASE,
)
_TYPES: dict[str, Kind] = {"correction": "correction", "retraction": "retraction", "dataset": "dataset", "thesis": "thesis"}
_HEADINGS = frozenset(files(__package__).joinpath("headings.txt").read_text("utf-8").splitlines())
"""Folded titles that stand over many texts, one a line."""
_GENERIC_HAN = re.compile(
    "^(?:编者按|编者的话|编辑部?(?:的话|寄语|说明)?|卷首语|卷首|前言|序言?|引言|导言|导论|绪论|后记|结语|结束语|跋|目录|总目录|目次|书评|书讯|新书(?:介绍|推介|简介)|"
    "征稿(?:启事|简则|通知)|稿约|投稿(?:须知|指南)|启事|通知|公告|声明|致谢|致读者|主持人语|主编(?:的话|寄语)|编后记?|补白|消息|简讯|动态|资讯|会议(?:通知|纪要|消息)|"
    "更正|勘误|更正启事|撤稿声明|读者来信|来信|讣告|悼念|封面|封底|版权页|索引|本刊(?:启事|声明|讯)|本期(?:导读|目录)|发刊词|创刊词|社论|社评|新闻|综述|评论|"
    "巻頭言|編集後記|はじめに|まえがき|会告|目次|書評)$"
)
_GENERIC_TAIL = re.compile(r"(?:\s+(?:19|20)?\d{1,4}|\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*)+$")
_GENERIC_START = re.compile(
    r"^(?:introduction to (?:the |this )?(?:special|theme|thematic|focus)\s?(?:d )?(?:issue|section)|(?:guest )?editorial (?:for|to|of|on) "
    r"(?:the |this )?(?:special )?(?:issue|volume|section)|(?:volume|vol|issue|band) \d+|reviewers? (?:acknowledge?ments?|list)|"
    r"thank(?:s| you) to (?:our |the )?(?:\d+ )?(?:peer )?reviewers|acknowledge?ments? (?:of|to) (?:our |the )?(?:\d+ )?(?:peer )?reviewers|"
    r"(?:abstracts?|proceedings) (?:of|from) the)\b"
)
_EMPTY_TITLE_LETTERS = 3


class Reading(NamedTuple):
    """A title read: the kind, the title of what it is about, whether it is marked as retracted, and only a heading."""

    kind: Kind
    about: str
    is_retracted: bool
    is_generic: bool


def read_title(title: str, type_: str) -> Reading:
    """Read the kind from a clean title and the record's type (``indexer.models.Bibliography.type``).

    "RETRACTED: X" is X itself, marked; "Retraction: X" is a notice about X. A title that is only a heading of its
    journal ("Editorial", 编者按, "Corrigendum") says nothing about which text it is.
    """
    about, is_retracted = _without_mark(title)
    kind, about = _kind(about)
    if kind == "article":
        kind = _TYPES.get(type_, "article")
    is_generic = is_heading(title) or (kind != "article" and is_heading(about))
    return Reading(kind, about, is_retracted, is_generic)


def _without_mark(title: str) -> tuple[str, bool]:
    if not _may_be_marked(title):
        return title, False
    rest = _RETRACTED.sub("", title, count=1)
    return (rest, True) if rest and rest != title else (title, False)


_MARK = re.compile(r"^\W*(?:retr|with|remo|temp|已撤)", re.IGNORECASE)
_HEADS = re.compile(
    r"^\W*(?:publ|auth|edit|corr|erra|adde|fe de|rect|beri|更正|勘|訂|part|retr|with|撤|noti|expr|the auth|invi|repl|resp|rejo|rebu|in re|答复|回复|"
    r"作者|对|comm|disc|lett|rema|re\s*:|评论|述评|商榷|与|abst|data|supp|repli|conf|meet|post|会议)",
    re.IGNORECASE,
)
_TAILS = re.compile(
    r"(?:erratum|corrigendum|correction|retraction|reply|rejoinder|response|rebuttal|comment|discussion)", re.IGNORECASE
)


def _may_be_marked(title: str) -> bool:
    return _MARK.match(title) is not None


def _kind(title: str) -> tuple[Kind, str]:
    title = _DECORATION.sub("", title) if title.endswith((")", "]", ").", "].")) else title
    if _HEADS.match(title):
        for pattern, kind in _KINDS:
            if match := pattern.match(title):
                return kind, title[match.end() :].strip(" “”\"'‘’")
    if _TAILS.search(title, max(0, len(title) - 80)):
        for pattern, kind in _TAIL:
            if match := pattern.search(title):
                return kind, title[: match.start()]
    return "article", title


def is_heading(title: str) -> bool:
    """Tell whether a title is one that many texts have: a section's heading, an empty one, only a number."""
    folded = " ".join(re.findall(r"\w+", fold(title[:120])))
    if sum(letter.isalpha() for letter in folded) < _EMPTY_TITLE_LETTERS:
        return not re.search("[\u3400-\u9fff]{2}", folded)
    bare = _GENERIC_TAIL.sub("", folded)
    return (
        folded in _HEADINGS
        or bare in _HEADINGS
        or _GENERIC_HAN.match(folded.replace(" ", "")) is not None
        or _GENERIC_START.match(folded) is not None
    )
