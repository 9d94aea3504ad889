"""The project's few types of work, from JATS, Dublin Core, eu-repo, COAR and plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from indexer.models import ArticleVersion

_PREFIX = re.compile(r"^(?:https?://)?(?:info:eu-repo/semantics/|purl\.org/coar/resource_type/|purl\.org/eprint/type/)")
_LONGEST = 200
_SQUEEZE = re.compile(r"[\W_]+")

_KINDS = {
    "article": (
        "article researcharticle journalarticle casereport briefreport originalarticle journalpaper artigo artículo "
        "methodsarticle dataarticle datapaper rapidcommunication c6501 c2df8fbb1 статья 期刊论文"
    ),
    "review": "review reviewarticle systematicreview bookreview metaanalysis cdcae04bc cefa0 cba08",
    "editorial": "editorial introduction preface cb239",
    "letter": "letter lettertotheeditor reply articlecommentary commentary comment discussion c545b",
    "correction": "correction corrigendum erratum addendum expressionofconcern correctedarticle",
    "retraction": "retraction retractionnotice partialretraction",
    "thesis": (
        "thesis doctoralthesis masterthesis mastersthesis bachelorthesis dissertation phdthesis etd c46ec cdb06 cbdcc "
        "c7a1f tesis tesedoutoramento dissertação 学位论文 "
        "硕士论文 博士论文 硕士学位论文 博士学位论文 学士学位论文 毕业论文"
    ),
    "book": "book monograph textbook ebook handbook c2f33 图书 专著 著作 教材 电子书 普通图书 工具书 译著 古籍",
    "journal": "serial periodical 连续出版物",
    "chapter": "bookchapter bookpart booksection inbook chapter bookitem c3248 图书章节",
    "conference-paper": (
        "conferencepaper conferenceobject conferenceproceedings conferenceposter conferenceitem conference "
        "conferencecontribution conferenceorworkshopitem inproceedings meetingabstract presentation proceedings "
        "conferenceproceeding lecture poster abstract c5794 cc94f c6670 c18cp 会议论文"
    ),
    "preprint": "preprint workingpaper eprint c816b c8042 预印本",
    "report": "report technicalreport researchreport internalreport c93fc c18gh c18ws 报告 研究报告 科技报告",
    "dataset": "dataset data collection cddb1 数据集",
    "other": (
        "other misc image video sound software patent newsletterorbulletin learningobject annotation obituary news "
        "announcement calendar inbrief oration c1843 c12ce productreview "
        # DCMI's and DataCite's general types that are no text:
        "audiovisual movingimage stillimage interactiveresource physicalobject service workflow model event "
        "computationalnotebook instrument outputmanagementplan standard studyregistration project"
    ),
}
#: All types that there are.
TYPES = tuple(_KINDS)
_NAMES = {name: kind for kind, names in _KINDS.items() for name in names.split()}

_VERSIONS: dict[str, ArticleVersion] = {
    "submittedversion": "submitted",
    "draft": "submitted",
    "acceptedversion": "accepted",
    "publishedversion": "published",
    "updatedversion": "published",
}
_SPECIFIC_FIRST = (
    "correction",
    "retraction",
    "thesis",
    "chapter",
    "book",
    "conference-paper",
    "preprint",
    "report",
    "dataset",
)
_NOTICE_END = r"(?=\s*[:.(\[]|\s+[-–—]|\s+to\b|\s+for\b.{1,80}\bet al\b|\s*$)"  # not "Correction of myopia"
_TITLE_TYPES = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"(?:publisher['’]?s?\s+|author\s+)?(?:corrigend(?:um|a)|errat(?:um|a))\b", "correction"),
        (r"(?:publisher['’]?s?\s+|author\s+)?correction" + _NOTICE_END, "correction"),
        (r"retraction\s+(?:note|notice)\b", "retraction"),
        (r"retraction" + _NOTICE_END, "retraction"),
        (r"(?:guest\s+)?editorial(?=\s*[:.]|\s+[-–—]|\s*$)", "editorial"),
    )
)
#: How such a title begins at least; most do not.
_TITLE_STARTS = ("aut", "corr", "ed", "err", "gue", "publ", "retr")


def type_of(values: Iterable[str], title: str, subjects: Iterable[str] = ()) -> str:
    """Return the type that a record states, else one that its title shows, else ``article``.

    ``article`` and ``other`` are vague: a more specific value beside them wins, and so does a title that says
    "Corrigendum" (DOAJ has no types, and calls it an article). ``subjects`` are section headings.
    """
    found = [kind for kind in (_NAMES.get(_key(value)) for value in values) if kind is not None]
    for kind in _SPECIFIC_FIRST:
        if kind in found:
            return kind
    for pattern, kind in _TITLE_TYPES if title[:4].lower().startswith(_TITLE_STARTS) else ():
        if pattern.match(title):
            return kind
    for kind in found:
        if kind not in {"article", "other"}:
            return kind
    for heading in subjects:
        kind = _NAMES.get(_key(heading), "article")
        if kind in {"review", "editorial", "letter", "correction", "retraction"}:
            return kind
    return found[0] if found else "article"


def version_of(values: Iterable[str]) -> ArticleVersion | None:
    """Return which version of the article a record says it has (``info:eu-repo/semantics/acceptedVersion``)."""
    return next((version for version in (_VERSIONS.get(_key(value)) for value in values) if version is not None), None)


def _key(value: str) -> str:
    return _squeezed(value[:_LONGEST])


@lru_cache(maxsize=4096)
def _squeezed(value: str) -> str:
    return _SQUEEZE.sub("", _PREFIX.sub("", value.strip().lower()))
