"""Every text of the page in both interface languages, and the choice between them.

One line a text, Chinese beside English, so that none can be translated and the other forgotten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from search_api.searching import language_name
from search_api.web.account_texts import ACCOUNT_TEXTS
from search_api.web.facet_texts import FACET_TEXTS
from search_api.web.finding_texts import FINDING_TEXTS
from search_api.web.provenance_texts import PROVENANCE_TEXTS
from search_api.web.suggest_texts import SUGGEST_TEXTS

UiLanguage = Literal["zh", "en"]
UI_LANGUAGES: tuple[UiLanguage, ...] = ("zh", "en")
#: What stands in ``<html lang>``.
HTML_LANG: dict[UiLanguage, str] = {"zh": "zh-CN", "en": "en"}
_LOCALE: dict[UiLanguage, str] = {"zh": "zh_CN", "en": "en_GB"}
_ACCEPTED = re.compile(r"\s*([A-Za-z]{2,3}|\*)(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*")

#: key: (Chinese, English). ``{name}`` stands for a value that is escaped when the page is written.
TEXTS: dict[str, tuple[str, str]] = {
    "name": ("开卷", "kaijuan"),
    "tagline": ("一次检索，多源开放获取论文", "One search across open-access sources"),
    "home": ("回到首页", "Home"),
    "skip": ("跳到正文", "Skip to content"),
    "menu": ("导航", "Menu"),
    "other_language": ("English", "中文"),
    "demo_title": ("演示数据", "Demonstration records"),
    "demo_text": (
        "本站现在展示的是程序生成的虚构记录，用来试用检索；请勿引用。",
        "What is shown here was made up by a program, so that the search can be tried. Do not cite it.",
    ),
    "nav_sources": ("数据来源", "Sources"),
    "nav_subjects": ("学科分类", "Subjects"),
    "nav_api": ("接口文档", "API"),
    "docs_openapi": ("OpenAPI 描述文件", "OpenAPI description"),
    "docs_parameters": ("参数", "Parameters"),
    "docs_answers": ("返回", "Answers"),
    "footer": (
        "收录的是各来源公开的元数据；全文在原出版方或存储库。",
        "Records come from the sources named; full texts stay with their publishers and repositories.",
    ),
    # --- search box and start page
    "search_label": ("检索论文", "Search articles"),
    "search_placeholder": ("题名、作者、期刊、主题、DOI", "Title, author, journal, subject, DOI"),
    "search_button": ("检索", "Search"),
    "start_works": ("共收录 {count} 篇作品，来自 {sources} 个来源", "{count} works from {sources} sources"),
    "start_empty": (
        "还没有收录任何作品。首次采集完成后，这里就能检索。",
        "Nothing has been indexed yet. Once the first harvest has run, you can search here.",
    ),
    "start_sources": ("数据来源", "Where records come from"),
    "start_examples": ("检索示例", "Try a search"),
    "start_subjects": ("按主题浏览", "Browse by subject"),
    "start_tree": ("按学科分类浏览", "Browse the subject tree"),
    # --- subject tree
    "subjects_title": ("学科分类", "Subjects"),
    "subjects_path": ("所在位置", "Where this is"),
    "subjects_intro": (
        "按《中国图书馆分类法》的基本大类浏览。类目由来源给出的主题、分类号和关键词对应而来，一篇文献可属于多个类。",
        "By the main classes of the Chinese Library Classification, as headings and keywords say; some are in several.",
    ),
    "subjects_within": ("只统计检索“{q}”的结果。", "Only what “{q}” finds is counted."),
    "subjects_narrowed": ("只统计符合筛选条件的文献。", "Only works that the filters leave are counted."),
    "subjects_results": ("查看结果（{works}）", "See the results ({works})"),
    "subjects_clear": ("统计全部文献", "Count all works"),
    "subjects_show": ("查看 {works}", "See {works}"),
    "subjects_empty": ("这一类还没有文献。", "There are no works in this class yet."),
    "subjects_empties": ("暂无文献的类", "Classes without works"),
    "subjects_lowest": ("这一类之下不再细分。", "There is nothing below this class."),
    "subjects_unclassed": ("另有 {works}的主题还没有对应到任何类。", "{works} more could not be classed yet."),
    "subject_unknown": ("没有类目“{code}”。", "There is no class “{code}”."),
    "rules_off": ("不按本馆规则显示", "Show without the library's rules"),
    "facet_tree": ("浏览全部类目", "Browse all classes"),
    "start_all": ("浏览最新发表", "Browse the newest"),
    "harvested_on": ("{date} 采集", "harvested {date}"),
    "harvested_never": ("尚未采集", "not harvested yet"),
    "example_words": ("太阳能电池 稳定性", "solar cell stability"),
    "example_phrase": ('"2型糖尿病"', '"type 2 diabetes"'),
    "example_field": ("title:图书馆 year:2020..2026", "title:library year:2020..2026"),
    "example_or": ("(糖尿病 OR diabetes) has:pdf", "(diabetes OR 糖尿病) has:pdf"),
    # --- results
    "all_works": ("全部作品", "All works"),
    "results_for": ("“{q}”的检索结果", "Results for “{q}”"),
    "works_one": ("1 篇", "1 work"),
    "works_many": ("{count} 篇", "{count} works"),
    "continued": ("接上页", "Continued"),
    "first_page": ("回到第一页", "Back to the first page"),
    "next_page": ("下一页", "Next page"),
    "end_of_list": ("已到末尾", "End of the list"),
    "match_most": (
        "含全部检索词的作品不多，以下也包括含大部分检索词的作品。",
        "Few works have all your words; shown are those that have most of them.",
    ),
    "match_all_only": ("只看含全部检索词的", "Only works with all words"),
    "et_al": ("等 {count} 人", "et al. ({count})"),
    "names_separator": ("、", ", "),
    "full_text_pdf": ("PDF 全文", "PDF"),
    "full_text": ("全文", "Full text"),
    "full_text_doi": ("经 DOI 打开", "Open by DOI"),
    "full_text_of": ("{label}：{title}", "{label}: {title}"),
    "sort": ("排序", "Sort"),
    "sort.relevance": ("相关度", "Relevance"),
    "sort.newest": ("最新发表", "Newest"),
    "sort.oldest": ("最早发表", "Oldest"),
    "sort.first_indexed": ("最近收录", "Recently added"),
    "sort.title": ("题名", "Title"),
    "filters": ("筛选", "Filters"),
    "filters_active": ("已选筛选条件", "Active filters"),
    "filter_remove": ("取消筛选条件 {name}：{value}", "Remove filter {name}: {value}"),
    "filters_clear": ("全部清除", "Clear all"),
    "facet.source": ("来源", "Source"),
    "facet.year": ("年份", "Year"),
    "facet.lang": ("语言", "Language"),
    "facet.license": ("许可", "Licence"),
    "facet.subject": ("主题", "Subject"),
    "facet.clc": ("学科分类", "Class"),
    "facet.container": ("期刊", "Journal"),
    "facet.type": ("类型", "Type"),
    "facet.has": ("包含", "Has"),
    "facet.year_from": ("起始年", "From year"),
    "facet.year_to": ("截止年", "To year"),
    "year_first": ("从", "From"),
    "year_last": ("到", "To"),
    "year_apply": ("应用", "Apply"),
    # --- no results, errors
    "none_title": ("没有找到相符的作品", "No works match"),
    "none_filters": ("去掉全部筛选条件再找", "Search again without filters"),
    "none_any": ("改为含任一检索词", "Find works with any of the words"),
    "none_plain": ("按普通词检索：{q}", "Search for the plain words: {q}"),
    "none_tip_spelling": ("检查拼写，或者少用几个词。", "Check the spelling, or use fewer words."),
    "none_tip_language": (
        "换一种语言试试：许多论文只有英文题名。",
        "Try another language: an article may only be described in its own.",
    ),
    "none_tip_sources": ("看看收录了哪些来源", "See which sources are covered"),
    "error_query": ("这个检索式无法理解", "This search cannot be understood"),
    "error_position": ("第 {position} 个字符处：{detail}", "At character {position}: {detail}"),
    "error_plain": ("按普通词检索：{q}", "Search for the plain words: {q}"),
    "error_cursor": ("这个翻页链接已经失效", "This page link no longer works"),
    "error_cursor_fix": ("从第一页重新翻起。", "Begin again at the first page."),
    "error_parameter": ("网址中有一处参数不对", "Something in the address is wrong"),
    "error_parameter_fix": ("{name}：这个值不能用。", "{name}: this value cannot be used."),
    "error_404": ("没有这个页面", "There is no such page"),
    "error_404_work": (
        "没有编号为 {id} 的作品。可以用题名检索。",
        "There is no work {id}. You can search for its title.",
    ),
    "error_410": ("这篇作品已经撤下", "This work has left the index"),
    "error_410_text": (
        "来源删除了它的记录，所以这里不再收录。",
        "Its sources have deleted its records, so it is no longer kept here.",
    ),
    "error_429": ("请稍慢一些", "Too many requests"),
    "error_429_text": (
        "同一网络在短时间内的请求过多。请稍候再试。",
        "Your network asked too often in a short time. Please wait a moment and try again.",
    ),
    "error_503": ("检索暂时不能用", "The search cannot be used now"),
    "error_503_text": (
        "请过一会儿再试。若一直如此，请告知图书馆。",
        "Please try again in a moment. If it stays so, tell the library.",
    ),
    "error_500": ("这里出了问题", "Something went wrong here"),
    "error_500_text": (
        "错误已经记录。请再试一次；若一直如此，请告知图书馆。",
        "It has been logged. Try again; tell the library if it stays.",
    ),
    # --- one work
    "back_to_results": ("返回检索结果", "Back to results"),
    "merged_note": ("编号 {id} 已并入本篇。", "Work {id} has been joined with this one."),
    "translated_titles": ("其他语言题名", "Title in other languages"),
    "authors": ("作者", "Authors"),
    "authors_more": ("显示其余 {count} 人", "Show {count} more"),
    "authors_unlisted": ("另有 {count} 人未列出", "{count} more are not listed"),
    "affiliations": ("作者单位", "Affiliations"),
    "orcid_of": ("{name} 的 ORCID", "ORCID of {name}"),
    "volume": ("第 {volume} 卷", "vol. {volume}"),
    "issue": ("第 {issue} 期", "no. {issue}"),
    "page": ("第 {pages} 页", "p. {pages}"),
    "pages": ("第 {pages} 页", "pp. {pages}"),
    "abstract": ("摘要", "Abstract"),
    "abstract_in": ("摘要（{language}）", "Abstract ({language})"),
    "no_abstract": ("来源没有提供摘要。", "The sources give no abstract."),
    "keywords": ("关键词", "Keywords"),
    "subjects": ("主题", "Subjects"),
    "license": ("许可", "Licence"),
    "no_license": ("来源未说明", "not stated"),
    "license_of_journal": ("{license}（期刊许可）", "{license} (licence of the journal)"),
    "publisher": ("出版者", "Publisher"),
    "publisher_in": ("{publisher}（{country}）", "{publisher} ({country})"),
    "language": ("语言", "Language"),
    "language_detected": ("{language}（程序判断）", "{language} (detected)"),
    "copies": ("可阅读的副本", "Where to read it"),
    "copy_landing": ("网页", "Landing page"),
    "copy_why": ("为何排在这里", "Why it stands here"),
    "copy_fails": ("{date} 检查时打不开", "Did not open when checked on {date}"),
    "copy_reported": ("有读者报告打不开，尚未核实", "Readers report that it does not open; no check has settled it"),
    "rank.open_license": ("开放许可", "open licence"),
    "rank.free_archive": ("可免费阅读的存档", "archive that is free to read"),
    "rank.version_of_record": ("正式出版版本", "version of record"),
    "rank.pdf": ("有 PDF", "PDF"),
    "rank.doi_match": ("网址含本文 DOI", "address with this work’s DOI"),
    "rank.publisher_site": ("出版方网站", "publisher’s site"),
    "rank.repository": ("机构存储库", "repository"),
    "rank.https": ("加密连接", "secure connection"),
    "rank.checked_opens": ("已检查，可以打开", "checked, opens"),
    "rank.directory_entry": ("仅目录条目，不含全文", "directory entry, not the text itself"),
    "rank.reported": ("有读者报告打不开", "reported not to open"),
    "rank.checked_fails": ("检查时打不开", "does not open"),
    "report_open": ("链接打不开？", "A link does not open?"),
    "report_which": ("打不开的链接", "Which link"),
    "report_note": ("补充说明（可不填）", "What happened (optional)"),
    "report_send": ("报告", "Report it"),
    "report_thanks": (
        "谢谢。这个链接会先排到后面，并尽快检查。",
        "Thank you. The link now stands behind the others and will be checked soon.",
    ),
    "report_foreign": (
        "请从作品页面上的表单报告。",
        "Please use the form on the page of the work.",
    ),
    "report_unknown": ("这个链接不属于本作品。", "This link is not one of the work’s."),
    "report_many": ("报告太多，请一小时后再试。", "Too many reports. Please try again in an hour."),
    "report_failed": ("没有收到报告", "The report was not taken"),
    "no_copy": ("来源没有给出可打开的链接。", "The sources give no link that can be opened."),
    "relations": ("相关记录", "Related notices"),
    "about_record": ("关于这条记录", "About this record"),
    "permalink": ("本页固定链接", "Permanent link"),
    "copy_link": ("复制链接", "Copy link"),
    "copied": ("已复制", "Copied"),
    "cite": ("引用与导出", "Cite and export"),
    "cite_styles": ("引文格式", "Citations"),
    "cite_copy": ("复制", "Copy"),
    "cite_copy_of": ("复制 {style} 引文", "Copy the {style} citation"),
    "export_file": ("导出到文献管理软件", "For reference managers"),
    "export_result": ("导出全部结果", "Export the whole result"),
    "first_indexed": ("收录于 {date}", "Added on {date}"),
    "version.submitted": ("投稿版", "submitted version"),
    "version.accepted": ("录用版", "accepted version"),
    "version.published": ("出版版", "published version"),
    # --- labels of values
    "type.article": ("论文", "article"),
    "type.review": ("综述与评论", "review"),
    "type.editorial": ("社论", "editorial"),
    "type.letter": ("通信", "letter"),
    "type.correction": ("更正", "correction"),
    "type.retraction": ("撤稿声明", "retraction"),
    "type.thesis": ("学位论文", "thesis"),
    "type.book": ("图书", "book"),
    "type.journal": ("期刊", "journal"),
    "type.chapter": ("图书章节", "chapter"),
    "type.conference-paper": ("会议论文", "conference paper"),
    "type.preprint": ("预印本", "preprint"),
    "type.report": ("报告", "report"),
    "type.dataset": ("数据集", "dataset"),
    "type.other": ("其他", "other"),
    "has.pdf": ("PDF", "PDF"),
    "has.abstract": ("摘要", "abstract"),
    "has.doi": ("DOI", "DOI"),
    "has.fulltext": ("全文链接", "full-text link"),
    "has.license": ("开放许可", "open licence"),
    "license.cc0": ("CC0", "CC0"),
    "license.none": ("来源未说明", "none stated"),
    "license.other-open": ("其他开放许可", "other open licence"),
    "license.publisher": ("出版方条款", "publisher terms"),
    "license.public-domain": ("公有领域", "public domain"),
    "relation.corrects": ("更正对象", "Corrects"),
    "relation.corrected_by": ("有更正", "Corrected by"),
    "relation.adds_to": ("补充对象", "Adds to"),
    "relation.added_to_by": ("有补充", "Added to by"),
    "relation.retracts": ("撤销对象", "Retracts"),
    "relation.retracted_by": ("已被撤稿", "Retracted by"),
    "relation.concerns": ("关注声明针对", "Expresses concern about"),
    "relation.concerned_by": ("有关注声明", "Expression of concern"),
    "relation.comments_on": ("评论对象", "Comments on"),
    "relation.commented_by": ("有评论", "Commented on by"),
    "relation.replied_by": ("有回复", "Replied to by"),
    "relation.replies_to": ("回复对象", "Replies to"),
    "relation.reviews": ("评审对象", "Reviews"),
    "relation.reviewed_by": ("有评审意见", "Reviewed by"),
    "relation.published_from": ("预印本", "Preprint"),
    "relation.version_of": ("同文另版", "Another version of"),
    "relation.updates": ("更新对象", "Updates"),
    "relation.updated_by": ("有更新", "Updated by"),
    "relation.companion_of": ("姊妹篇", "Companion article"),
    "relation.translation_of": ("译自", "Translation of"),
    "relation.translated_by": ("有译文", "Translated by"),
    "relation.related_to": ("相关", "Related"),
    # --- sources
    "sources_title": ("数据来源", "Sources"),
    "sources_intro": (
        "论文的描述由程序按 OAI-PMH 协议从下列来源定期采集。",
        "Descriptions of articles are harvested from these sources at regular times, by OAI-PMH.",
    ),
    "sources_table": ("来源、数量与采集情况", "Sources, counts and harvests"),
    "source_name": ("来源", "Source"),
    "source_works": ("可用记录", "Usable records"),
    "source_harvest": ("最近采集", "Last harvest"),
    "source_received": ("收到 / 应有", "Received / expected"),
    "source_unstated": ("未说明", "not stated"),
    "source_lag": ("时滞", "Delay"),
    "source_lag_days": ("该来源公开的数据晚 {days} 天", "Days by which this source's feed is behind: {days}"),
    "source_lag_none": ("无", "none"),
    "source_quarantine": ("隔离待查", "In quarantine"),
    "source_disabled": ("停用", "switched off"),
    "source_unusable": ("设置无法读取，已停用", "settings unreadable, not harvested"),
    "source_deleted": ("来源已删除 {count} 条", "{count} deleted by the source"),
    "source_none": ("还没有配置任何来源。", "No sources are set up yet."),
    "status.complete": ("完整", "complete"),
    "status.incomplete": ("未完", "incomplete"),
    "status.failed": ("失败", "failed"),
    "status.running": ("进行中", "running"),
    **PROVENANCE_TEXTS,
    **SUGGEST_TEXTS,
    **ACCOUNT_TEXTS,
    **FACET_TEXTS,
    **FINDING_TEXTS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one interface language; call it with a key: ``words("next_page")``."""

    language: UiLanguage

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its values filled in; raise ``KeyError`` where the catalogue has none."""
        text = TEXTS[key][UI_LANGUAGES.index(self.language)]
        return text.format(**values) if values else text

    def label(self, group: str, value: str) -> str:
        """Return the reader's word for a coded value (``type``, ``has`` …), or the value itself."""
        key = f"{group}.{value}"
        return self(key) if key in TEXTS else value

    def works(self, count: int) -> str:
        """Say how many works."""
        return self("works_one") if count == 1 else self("works_many", count=self.number(count))

    def number(self, value: int) -> str:
        """Write a number with its group separators."""
        return format_decimal(value, locale=_LOCALE[self.language])

    def language_name(self, code: str) -> str:
        """Return the name of a language."""
        return language_name(code, _LOCALE[self.language])

    def country_name(self, code: str) -> str:
        """Return the name of a country, or its code where it has none."""
        return str(Locale.parse(_LOCALE[self.language]).territories.get(code, code))

    def day(self, moment: str | datetime) -> str:
        """Write the day of an RFC 3339 moment."""
        read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return format_date(read.date(), format="medium", locale=_LOCALE[self.language])

    def partial_date(self, parts: dict[str, Any]) -> str:
        """Write a publication date as precisely as it is known, and no more."""
        year, month, day = parts["year"], parts["month"], parts["day"]
        try:
            known = date(year, month or 1, day or 1)
        except ValueError:
            return str(year)
        if month is None:
            return f"{year} 年" if self.language == "zh" else str(year)
        if day is None:
            return format_skeleton("yMMMM", known, locale=_LOCALE[self.language])
        return format_date(known, format="long", locale=_LOCALE[self.language])


def choose_language(*, asked: str | None, remembered: str | None, accepted: str | None) -> UiLanguage:
    """Return the interface language: as asked, else as remembered, else as the browser prefers.

    Without any sign it is Chinese, the language of the library; a browser that wants neither gets English.
    """
    for wish in (asked, remembered):
        if wish in UI_LANGUAGES:
            return wish
    ranked: list[tuple[float, int, str]] = []
    for order, item in enumerate((accepted or "").split(",")[:20]):
        match = _ACCEPTED.fullmatch(item)
        if match:
            ranked.append((-float(match[2] or 1), order, match[1].lower()))
    for weight, _, code in sorted(ranked):
        if weight and code in {"zh", "en"}:
            return "zh" if code == "zh" else "en"
    return "en" if any(weight and code != "*" for weight, _, code in ranked) else "zh"
