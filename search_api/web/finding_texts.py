"""The texts of walking and following results, of related works, and of finding by number: Chinese beside English."""

from __future__ import annotations

FINDING_TEXTS: dict[str, tuple[str, str]] = {
    "walk_broken": (
        "翻页期间收录内容有变动，作品可能重复出现或有遗漏。",
        "The library changed while you were paging: works may come twice or be missed.",
    ),
    "walk_again": ("从第一页重新翻起", "Begin again at the first page"),
    "follow_search": ("订阅这个检索", "Follow this search"),
    "follow_how": ("Atom 订阅源，新收录的在前", "Atom feed, what is new here first"),
    "error_slow": ("这次检索太费时", "This search takes too long"),
    "error_slow_text": (
        "请缩小范围：词少一些、长一些，少用 * 和 ~；也可以稍候再试。",
        "Narrow it: fewer and longer words, fewer * and ~. Or try again in a moment.",
    ),
    "related": ("相关作品", "Related works"),
    "reasons_separator": ("；", "; "),
    "resolve_title": ("按号码或条码查找", "Find by number or bar code"),
    "resolve_intro": (
        "输入、粘贴或扫描：DOI、PMID、PMCID、arXiv 号、ISSN、ISBN、期刊条码、文章网址或二维码，也可以是整条参考文献。",
        "Type, paste or scan a DOI, PMID, PMCID, arXiv id, ISSN, ISBN, bar code, address, QR code or reference.",
    ),
    "resolve_label": ("号码、网址或参考文献", "Number, address or reference"),
    "resolve_button": ("查找", "Find"),
    "resolve_scan": ("用摄像头扫描", "Scan with the camera"),
    "resolve_stop": ("停止扫描", "Stop scanning"),
    "resolve_hold": ("请把条码或二维码对准摄像头。", "Hold the code in front of the camera."),
    "resolve_denied": ("摄像头无法使用，请输入号码。", "The camera cannot be used. Type the number instead."),
    "resolve_read_as": ("识别为：", "Read as:"),
    "resolve_work": ("本站作品", "Work of this library"),
    "resolve_found": ("找到 {works}", "Found {works}"),
    "resolve_found_journal": ("找到期刊，收录其 {works}", "Found the journal, with {works} here"),
    "resolve_journals": ("期刊", "Journals"),
    "resolve_of_journal": ("浏览该刊的 {works}", "See what is here of it: {works}"),
    "resolve_works": ("作品", "Works"),
    "resolve_newest": ("先列出最新的 {count} 篇。", "The newest {count} are listed."),
    "resolve_all": ("查看全部 {works}", "See all {works}"),
    "resolve_ways": ("您还可以", "Ways on"),
    "resolve_link": ("有 DOI、ISSN 或条码？按号码查找", "Have a DOI, ISSN or bar code? Find by number"),
}
