"""What the columns of a table are called, in English and Chinese, and what office programs do to its cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from harvesters.errors import SourceError

#: The fields that a column can hold, with the names by which columns are recognised.
FIELDS: Mapping[str, str] = {
    "id": (
        "id identifier recordid recordnumber itemid uuid bibid callnumberid 编号 序号id 记录号 记录编号 控制号 "
        "馆藏编号 标识符 唯一标识"
    ),
    "title": (
        "title titles maintitle booktitle articletitle documenttitle fulltitle 题名 标题 书名 篇名 题目 正题名 "
        "文献题名 论文题名 论文题目 中文题名 中文标题 资源名称 課名 題名 標題 書名"
    ),
    "subtitle": "subtitle othertitle titleremainder 副题名 副标题 其他题名 副書名 副书名",
    "translated_title": (
        "translatedtitle titletranslation paralleltitle alternativetitle alternatetitle englishtitle titleen "
        "titleenglish 英文题名 英文标题 外文题名 并列题名 并列正题名 译名 又名"
    ),
    "author": (
        "author authors creator creators by writer writers firstauthor authornames 作者 著者 责任者 主要责任者 "
        "第一责任者 作者姓名 第一作者 研究生 学生姓名 責任者"
    ),
    "editor": "editor editors compiler 编者 主编 编著者 編者 主編",
    "translator": "translator translators 译者 翻译 譯者",
    "advisor": "advisor advisors supervisor supervisors tutor 导师 指导教师 导师姓名",
    "journal": (
        "journal journaltitle journalname publicationname sourcetitle source containertitle periodical "
        "hosttitle 刊名 期刊 期刊名 期刊名称 来源 来源出版物 出处 文献来源 刊名来源"
    ),
    "year": (
        "year publicationyear pubyear yearpublished yearofpublication 年 年份 出版年 发表年 年度 出版年份 学位年度"
    ),
    "date": (
        "date publicationdate published publisheddate pubdate issued dateissued datepublished coverdate 日期 "
        "出版日期 发表日期 出版时间 发表时间 发布日期 答辩日期"
    ),
    "doi": "doi doilink doiurl 数字对象标识符 doi号",
    "isbn": "isbn isbns isbn13 isbn10 eisbn printisbn onlineisbn 国际标准书号 书号 isbn号 标准书号",
    "issn": "issn issns eissn pissn printissn onlineissn issnl 国际标准刊号 刊号 issn号",
    "publisher": (
        "publisher publishers publishername press imprint institution university school 出版者 出版社 出版单位 "
        "出版机构 授予单位 学位授予单位 学校 培养单位 出版发行者"
    ),
    "abstract": (
        "abstract abstracts summary description annotation 摘要 内容提要 文摘 内容简介 简介 提要 中文摘要 内容摘要"
    ),
    "keywords": (
        "keyword keywords tags tag indexterms authorkeywords 关键词 关键字 主题词 中文关键词 标签 自由词 關鍵詞"
    ),
    "subject": "subject subjects discipline topic category 学科 学科分类 学科类别 主题 专业 学科专业 分类",
    "classification": (
        "classification classno classnumber clc clcnumber lcc ddc 分类号 中图分类号 中图法分类号 中图号 索书号"
    ),
    "language": "language languages lang 语种 语言 文种 正文语种",
    "url": (
        "url urls link links fulltexturl fulltextlink titleurl webaddress address uri 链接 全文链接 网址 地址 "
        "全文地址 访问地址"
    ),
    "type": "type documenttype resourcetype itemtype publicationtype doctype 类型 文献类型 资源类型 文档类型",
    "degree": "degree thesistype degreetype 学位 学位级别 学位类型",
    "volume": "volume vol 卷 卷号",
    "issue": "issue issueno issuenumber iss 期 期号 卷期",
    "pages": "pages page pagerange pp 页码 页 起止页码 页码范围 起止页",
    "first_page": "startpage firstpage pagestart beginpage spage 起始页 起页",
    "last_page": "endpage lastpage pageend epage 结束页 终止页 止页",
    "license": "license licence rights copyright usagerights 许可 许可协议 版权 授权 许可证 使用许可",
    "modified": (
        "modified datemodified lastmodified updated dateupdated lastupdated changed 修改日期 更新日期 更新时间 修改时间"
    ),
}
_BY_NAME = {name: field for field, names in FIELDS.items() for name in names.split()}
_SQUEEZE = re.compile(r"[\W_]+")
_BRACKETS = re.compile(r"^(.*?)[(（\[【](.*?)[)）\]】]?\s*$", re.DOTALL)
_ERRORS = frozenset(("#n/a", "#na", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!", "null", "nan", "none"))
_TEXT_MARK = re.compile(r"^'(?=[\d=+\-@])")
_FORMULA = re.compile(r'^="(.*)"$', re.DOTALL)


@lru_cache(maxsize=4096)
def field_of(name: str) -> str | None:
    """Return the field that a column's name stands for, whatever its case, spaces and width; ``None`` for others."""
    for one in (name, *_around_brackets(name)):
        found = _BY_NAME.get(_SQUEEZE.sub("", unicodedata.normalize("NFKC", one).casefold()))
        if found is not None:
            return found
    return None


def _around_brackets(name: str) -> tuple[str, ...]:
    """Return both names of a column such as ``题名 (Title)`` or ``Author/作者``."""
    match = _BRACKETS.match(name)
    inside = (match[1], match[2]) if match else ()
    return (*inside, *(name.split("/") if "/" in name else ()))


def recognise(header: Sequence[str], named: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """Return where each field's columns are; ``named`` are those that the source's settings name.

    Raises:
        SourceError: the settings name a field that there is not, or a column that the table has not.
    """
    found: dict[str, list[int]] = {}
    for field, column in named.items():
        if field not in FIELDS:
            raise SourceError(f"columns: there is no field {field!r}. Fields: {', '.join(FIELDS)}.")
        places = [place for place, name in enumerate(header) if name.casefold() == column.strip().casefold()]
        if not places:
            raise SourceError(
                f"columns: the table has no column {column!r} for {field}. It has: {', '.join(header)[:500]}. "
                "Correct the source's columns."
            )
        found[field] = places
    taken = {place for places in found.values() for place in places}
    for place, name in enumerate(header):
        known = field_of(name)
        if place not in taken and known is not None and known not in named:
            found.setdefault(known, []).append(place)
    return {field: tuple(places) for field, places in found.items()}


def clean_cell(value: str) -> str:
    """Return a cell without what office programs put there: text marks, formulas of one text, error words."""
    text = value.strip()
    if not text or text.casefold() in _ERRORS:
        return ""
    formula = _FORMULA.match(text)
    if formula:
        text = formula[1].replace('""', '"').strip()
    return _TEXT_MARK.sub("", text)
